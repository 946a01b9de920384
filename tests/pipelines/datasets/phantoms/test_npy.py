from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from pipelines.datasets.phantoms import npy
from pipelines.datasets.phantoms.busi import CLASS_SHARES, Case
from pipelines.datasets.phantoms.npy import MARK, make_npy, make_row
from pipelines.errors import InputError

SIZE = 64


def hashes(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("phantoms") / "npy"
    make_npy(out, count=24, seed=3, size=SIZE, workers=1, masks=True)
    return out


def test_arrays_are_as_people_have_them(made: Path) -> None:
    images = np.load(made / "Input.npy", allow_pickle=False)
    target = np.load(made / "target.npy", allow_pickle=False)
    masks = np.load(made / "masks.npy", allow_pickle=False)
    assert images.shape == (24, SIZE, SIZE, 3) and images.dtype == np.uint8
    assert (images == images[..., :1]).all() and images.std() > 20
    assert target.shape == (24,) and target.dtype.kind == "U"
    assert set(target) == set(CLASS_SHARES)
    assert masks.shape == (24, SIZE, SIZE) and masks.dtype == np.uint8 and masks.max() == 1
    assert (masks.any(axis=(1, 2)) == (target != "normal")).all()


def test_every_row_holds_its_own_image_and_mask(made: Path) -> None:
    row = make_row(Case("malignant", 1, 1), seed=3, size=SIZE)
    assert np.array_equal(np.load(made / "Input.npy")[1, ..., 0], row.image)
    assert np.array_equal(np.load(made / "masks.npy")[1], row.mask)


def test_workers_do_not_change_the_result_and_masks_are_an_option(
    made: Path, tmp_path: Path
) -> None:
    told: list[tuple[int, int]] = []
    make_npy(tmp_path / "npy", 24, 3, SIZE, workers=2, progress=lambda *step: told.append(step))
    again = hashes(tmp_path / "npy")
    assert sorted(again) == [MARK, "Input.npy", "target.npy"]
    assert all(hashes(made)[name] == again[name] for name in ("Input.npy", "target.npy"))
    assert told == [(done, 24) for done in range(1, 25)]


def test_seed_decides_and_count_only_appends(made: Path, tmp_path: Path) -> None:
    make_npy(tmp_path / "fewer", count=4, seed=3, size=SIZE, workers=1)
    make_npy(tmp_path / "other", count=4, seed=4, size=SIZE, workers=1)
    fewer = np.load(tmp_path / "fewer" / "Input.npy")
    assert np.array_equal(fewer, np.load(made / "Input.npy")[:4])
    assert not np.array_equal(fewer, np.load(tmp_path / "other" / "Input.npy"))


def test_a_linear_classifier_on_mean_intensities_fails() -> None:
    """Below 0.55 balanced accuracy of three classes, where chance is 0.33."""
    kinds = [kind for kind in CLASS_SHARES for _ in range(24)]
    rows = [make_row(Case(kind, 1, place), 0, SIZE) for place, kind in enumerate(kinds)]
    means = np.array([[row.image.mean(), row.image.std()] for row in rows])
    for features in (means[:, :1], means):
        model = make_pipeline(StandardScaler(), LogisticRegression(class_weight="balanced"))
        told = cross_val_predict(model, features, kinds, cv=6)
        assert balanced_accuracy_score(kinds, told) < 0.55


@pytest.mark.parametrize("name", ["mine.txt", "Input.npy", "deep/", MARK])
def test_overwrite_spares_what_it_did_not_make(tmp_path: Path, name: str) -> None:
    out = tmp_path / "npy"
    make_npy(out, count=1, size=SIZE)
    if name.endswith("/"):
        (out / name).mkdir()
    elif name == MARK:
        (out / name).unlink()  # arrays without it may be anybody's
    elif name.endswith(".npy"):
        np.save(out / name, np.zeros((2, 2)))
    else:
        (out / name).write_text("mine")
    before = sorted(path.name for path in out.iterdir())
    with pytest.raises(InputError, match="which no phantom run made, so it is not replaced"):
        make_npy(out, count=1, seed=1, size=SIZE, overwrite=True)
    assert sorted(path.name for path in out.iterdir()) == before


def test_overwrite_replaces_an_earlier_run(tmp_path: Path) -> None:
    out = tmp_path / "npy"
    make_npy(out, count=2, size=SIZE, workers=1, masks=True)
    with pytest.raises(InputError, match="a set of made images already; replace it with --over"):
        make_npy(out, count=1, size=SIZE)
    make_npy(out, count=1, size=SIZE, overwrite=True)
    assert np.load(out / "Input.npy").shape == (1, SIZE, SIZE, 3)
    assert not (out / "masks.npy").exists()
    assert list(tmp_path.iterdir()) == [out]


def test_a_failure_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(folder: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(npy, "write_mark", full)
    with pytest.raises(InputError, match="npy cannot be written: No space left on device"):
        make_npy(tmp_path / "npy", count=1, size=SIZE, workers=1)
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("numbers", "named"), [({"count": 0}, "count"), ({"seed": -1}, "seed"), ({"size": 63}, "size")]
)
def test_impossible_numbers_are_refused(
    tmp_path: Path, numbers: dict[str, int], named: str
) -> None:
    with pytest.raises(InputError, match=named):
        make_npy(tmp_path / "npy", **numbers)
