from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pipelines.datasets.phantoms import breast_lesions, busi
from pipelines.datasets.phantoms.busi import CLASS_SHARES, cases, make_busi
from pipelines.errors import InputError

SIZE = 72


def content(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        assert image.mode == "L"
        return np.asarray(image)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("phantoms") / "busi"
    make_busi(out, count=24, seed=3, size=SIZE, workers=1)
    return out


def test_workers_do_not_change_the_result(made: Path, tmp_path: Path) -> None:
    make_busi(tmp_path / "busi", count=24, seed=3, size=SIZE, workers=2)
    assert content(tmp_path / "busi") == content(made)


def test_seed_decides_and_count_only_appends(made: Path, tmp_path: Path) -> None:
    make_busi(tmp_path / "fewer", count=5, seed=3, size=SIZE, workers=1)
    make_busi(tmp_path / "other", count=5, seed=4, size=SIZE, workers=1)
    fewer, other = content(tmp_path / "fewer"), content(tmp_path / "other")
    assert fewer.items() <= content(made).items()
    assert fewer["benign/benign (1).png"] != other["benign/benign (1).png"]


def test_layout_is_that_of_busi(made: Path) -> None:
    for name in content(made):
        assert re.fullmatch(r"(benign|malignant|normal)/\1 \(\d+\)(_mask(_1)?)?\.png", name)
    images = sorted(path for path in made.rglob("*).png"))
    per_class = {kind: len(list((made / kind).glob("*).png"))) for kind in CLASS_SHARES}
    assert per_class == {"benign": 13, "malignant": 7, "normal": 4}
    assert all(path.with_name(f"{path.stem}_mask.png").is_file() for path in images)


def test_masks_are_binary_and_empty_only_where_normal(made: Path) -> None:
    masks = list(made.rglob("*_mask*.png"))
    assert len(masks) >= 24
    for path in masks:
        mask, image = pixels(path), pixels(path.parent / re.sub(r"_mask.*", ".png", path.name))
        assert mask.shape == image.shape
        assert set(np.unique(mask)) == ({0} if path.parent.name == "normal" else {0, 255})


def test_images_vary_in_size_within_the_limit_and_are_not_square(made: Path) -> None:
    shapes = [pixels(path).shape for path in made.rglob("*).png")]
    assert len(set(shapes)) > 5
    assert all(height != width and max(height, width) <= SIZE for height, width in shapes)


def test_two_lesions_have_two_files_that_do_not_overlap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(breast_lesions, "TWO_LESIONS", 1.0)
    make_busi(tmp_path / "busi", count=8, size=SIZE, workers=1)
    seconds = list((tmp_path / "busi").rglob("*_mask_1.png"))
    assert len(seconds) == sum(case.kind != "normal" for case in cases(8))
    for path in seconds:
        first = pixels(path.with_name(path.name.replace("_mask_1", "_mask")))
        assert pixels(path).any() and not (pixels(path) & first).any()


@pytest.mark.parametrize("count", [1, 2, 3, 60, 780])
def test_class_shares_are_those_of_busi(count: int) -> None:
    kinds = [case.kind for case in cases(count)]
    for kind, share in CLASS_SHARES.items():
        assert abs(kinds.count(kind) - share * count) < 1.01
        assert count < 3 or kind in kinds


@pytest.mark.parametrize(
    ("numbers", "named"), [({"count": 0}, "count"), ({"seed": -1}, "seed"), ({"size": 63}, "size")]
)
def test_impossible_numbers_are_refused(
    tmp_path: Path, numbers: dict[str, Any], named: str
) -> None:
    with pytest.raises(InputError, match=named):
        make_busi(tmp_path / "busi", **numbers)
    assert not any(tmp_path.iterdir())


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "busi").write_text("mine")
    with pytest.raises(InputError, match="is a file"):
        make_busi(tmp_path / "busi", count=1, size=SIZE, overwrite=True)


def test_non_empty_folder_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match=r"is not empty and holds mine\.txt, which no phantom"):
        make_busi(tmp_path, count=1, size=SIZE)
    assert content(tmp_path) == {"mine.txt": b"mine"}


@pytest.mark.parametrize("name", ["mine.txt", "benign/mine.txt", "benign/benign (1).png", "deep/"])
def test_overwrite_spares_what_it_did_not_make(tmp_path: Path, name: str) -> None:
    out = tmp_path / "busi"
    make_busi(out, count=1, size=SIZE)
    if name.endswith("/"):
        (out / "benign" / name).mkdir()
    elif name.endswith(".png"):
        Image.new("L", (90, 80)).save(out / name)  # as in the real data set: same name, not ours
    else:
        (out / name).write_text("mine")
    before = content(out)
    with pytest.raises(InputError, match="which no phantom run made, so it is not replaced"):
        make_busi(out, count=1, seed=1, size=SIZE, overwrite=True)
    assert content(out) == before


def test_overwrite_replaces_an_earlier_run(tmp_path: Path) -> None:
    out = tmp_path / "busi"
    make_busi(out, count=4, size=SIZE, workers=1)
    with pytest.raises(InputError, match="a set of made images already; replace it with --over"):
        make_busi(out, count=1, seed=1, size=SIZE)
    make_busi(out, count=1, seed=1, size=SIZE, overwrite=True)
    assert sorted(content(out)) == ["benign/benign (1).png", "benign/benign (1)_mask.png"]
    assert list(tmp_path.iterdir()) == [out]


def test_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "busi").mkdir()
    make_busi(tmp_path / "busi", count=1, size=SIZE)
    assert (tmp_path / "busi" / "benign" / "benign (1).png").is_file()


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt])
@pytest.mark.parametrize("workers", [1, 2])
def test_failure_leaves_nothing_behind_and_keeps_the_old(
    tmp_path: Path, failure: type[BaseException], workers: int
) -> None:
    out = tmp_path / "busi"
    make_busi(out, count=1, size=SIZE)
    before = content(out)

    def fail(done: int, count: int) -> None:
        if done == 2:
            raise failure

    with pytest.raises(failure):
        make_busi(out, count=4, size=SIZE, progress=fail, overwrite=True, workers=workers)
    assert list(tmp_path.iterdir()) == [out]
    assert content(out) == before


def test_a_full_disk_is_one_line_and_leaves_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, pixels: np.ndarray) -> None:
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(busi, "write_marked", full)
    with pytest.raises(InputError, match="busi cannot be written: No space left on device"):
        make_busi(tmp_path / "busi", count=3, size=SIZE, workers=1)
    assert not any(tmp_path.iterdir())


def test_the_real_data_beside_it_are_not_taken_for_leavings(tmp_path: Path) -> None:
    real = tmp_path / ".busi.old" / "benign" / "benign (1).png"
    real.parent.mkdir(parents=True)
    Image.new("L", (90, 80)).save(real)
    make_busi(tmp_path / "busi", count=1, size=SIZE)
    assert real.is_file()


def test_progress_counts_every_image(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    make_busi(
        tmp_path / "busi", count=3, size=SIZE, progress=lambda *step: told.append(step), workers=2
    )
    assert told == [(1, 3), (2, 3), (3, 3)]
