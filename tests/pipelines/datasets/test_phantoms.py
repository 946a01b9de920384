import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from skimage.measure import regionprops

from pipelines.datasets import phantoms
from pipelines.datasets.phantoms import breast_phantom, cases, make_busi, speckle
from pipelines.errors import InputError

SIZE = 72


def content(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        assert image.mode == "L"
        return np.asarray(image)


def phantoms_of(kind: str, count: int, side: tuple[int, int] = (96, 120)) -> list[phantoms.Phantom]:
    return [breast_phantom(np.random.default_rng([7, i]), kind, *side) for i in range(count)]


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
    per_class = {kind: len(list((made / kind).glob("*).png"))) for kind in phantoms.CLASS_SHARES}
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
    monkeypatch.setattr(phantoms, "TWO_LESIONS", 1.0)
    make_busi(tmp_path / "busi", count=8, size=SIZE, workers=1)
    seconds = list((tmp_path / "busi").rglob("*_mask_1.png"))
    assert len(seconds) == sum(case.kind != "normal" for case in cases(8))
    for path in seconds:
        first = pixels(path.with_name(path.name.replace("_mask_1", "_mask")))
        assert pixels(path).any() and not (pixels(path) & first).any()


@pytest.mark.parametrize("count", [1, 2, 3, 60, 780])
def test_class_shares_are_those_of_busi(count: int) -> None:
    kinds = [case.kind for case in cases(count)]
    for kind, share in phantoms.CLASS_SHARES.items():
        assert abs(kinds.count(kind) - share * count) < 1.01
        assert count < 3 or kind in kinds


@pytest.mark.parametrize("widths", [(2.0, 2.0), (1.0, 4.0)])
def test_homogeneous_speckle_is_rayleigh(widths: tuple[float, float]) -> None:
    lateral = np.linspace(widths[0], widths[1], 400)[:, None]
    signal = speckle(np.random.default_rng(0), np.full((400, 400), 3.0, np.float32), 1.0, lateral)
    envelope = np.abs(signal)
    assert envelope.mean() / envelope.std() == pytest.approx(1.91, abs=0.04)
    assert np.mean(envelope**2) == pytest.approx(3.0**2, rel=0.05)


def test_speckle_is_wider_where_the_beam_is() -> None:
    lateral = np.repeat([1.0, 4.0], 150)[:, None]
    signal = speckle(np.random.default_rng(1), np.ones((300, 300), np.float32), 1.0, lateral)
    shifted = np.abs(np.mean(signal[:, 4:] * signal[:, :-4].conj(), axis=1))
    assert shifted[150:].mean() > 3 * shifted[:150].mean()


def test_path_loss_is_the_way_there_and_back() -> None:
    acquisition = phantoms.draw_acquisition(np.random.default_rng(0))
    grid = phantoms.Grid(height=100, width=20, spacing=0.2)
    loss = phantoms.path_loss(np.full((100, 20), 0.5, np.float32), grid, acquisition)
    assert loss[-1] == pytest.approx(2 * acquisition.frequency * 0.5 * 2.0, rel=1e-3)


def behind_against_beside(phantom: phantoms.Phantom) -> float:
    mask = phantom.masks[0]
    rows, columns = np.nonzero(mask)
    below = phantom.image[rows.max() + 2 : rows.max() + 14].astype(float)
    middle = slice(*np.percentile(columns, [25, 75]).astype(int))
    return below[:, middle].mean() - below[:, ~mask.any(axis=0)].mean()


def test_benign_enhances_and_malignant_shadows() -> None:
    benign = np.mean([behind_against_beside(phantom) for phantom in phantoms_of("benign", 24)])
    malignant = np.mean(
        [behind_against_beside(phantom) for phantom in phantoms_of("malignant", 24)]
    )
    assert benign > 0 > malignant
    assert benign - malignant > 25


def test_lesions_are_darker_than_their_surroundings() -> None:
    for kind in ("benign", "malignant"):
        for image, masks in phantoms_of(kind, 12):
            inside = np.any(masks, axis=0)
            assert image[inside].mean() < image[~inside].mean()


def test_malignant_lesions_are_taller_and_less_smooth() -> None:
    def roughness(mask: np.ndarray) -> float:
        return 1 - float(regionprops(mask.astype(int))[0].solidity)

    def aspect(mask: np.ndarray) -> float:
        return np.ptp(np.nonzero(mask.any(axis=1))) / np.ptp(np.nonzero(mask.any(axis=0)))

    benign, malignant = (
        [phantom.masks[0] for phantom in phantoms_of(kind, 16, (192, 240))]
        for kind in ("benign", "malignant")
    )
    for measure in (roughness, aspect):
        assert np.mean([*map(measure, malignant)]) > 1.3 * np.mean([*map(measure, benign)])


def test_mean_grey_value_does_not_tell_normal_from_lesion() -> None:
    normal = np.array([phantom.image.mean() for phantom in phantoms_of("normal", 24)])
    benign = np.array([phantom.image.mean() for phantom in phantoms_of("benign", 24)])
    assert 0.2 < np.mean(normal[:, None] > benign) < 0.8


def test_one_threshold_does_not_segment() -> None:
    def dice(phantom: phantoms.Phantom, level: int) -> float:
        dark, lesion = phantom.image < level, np.any(phantom.masks, axis=0)
        return 2 * np.sum(dark & lesion) / (dark.sum() + lesion.sum())

    made = phantoms_of("benign", 12) + phantoms_of("malignant", 12)
    assert max(np.mean([dice(p, level) for p in made]) for level in range(10, 150, 10)) < 0.6


@pytest.mark.parametrize(
    ("numbers", "named"), [({"count": 0}, "count"), ({"seed": -1}, "seed"), ({"size": 63}, "size")]
)
def test_impossible_numbers_are_refused(
    tmp_path: Path, numbers: dict[str, Any], named: str
) -> None:
    with pytest.raises(InputError, match=named):
        make_busi(tmp_path / "busi", **numbers)
    assert not any(tmp_path.iterdir())


def test_unknown_kind_is_refused() -> None:
    with pytest.raises(InputError, match=r"'cyst'.*benign, malignant, normal"):
        breast_phantom(np.random.default_rng(0), "cyst", 80, 100)


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "busi").write_text("mine")
    with pytest.raises(InputError, match="is a file"):
        make_busi(tmp_path / "busi", count=1, size=SIZE, overwrite=True)


def test_non_empty_folder_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="not empty; choose another folder or pass --overwrite"):
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
    with pytest.raises(InputError, match="which no phantom run made"):
        make_busi(out, count=1, seed=1, size=SIZE, overwrite=True)
    assert content(out) == before


def test_overwrite_replaces_an_earlier_run(tmp_path: Path) -> None:
    out = tmp_path / "busi"
    make_busi(out, count=4, size=SIZE, workers=1)
    make_busi(out, count=1, seed=1, size=SIZE, overwrite=True)
    assert sorted(content(out)) == ["benign/benign (1).png", "benign/benign (1)_mask.png"]
    assert list(tmp_path.iterdir()) == [out]


def test_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "busi").mkdir()
    make_busi(tmp_path / "busi", count=1, size=SIZE)
    assert (tmp_path / "busi" / "benign" / "benign (1).png").is_file()


@pytest.mark.parametrize("failure", [OSError, KeyboardInterrupt])
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


def test_failing_write_leaves_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, pixels: np.ndarray) -> None:
        path.write_bytes(b"half")
        raise OSError("no space left on device")

    monkeypatch.setattr(phantoms, "write_png", full)
    with pytest.raises(OSError, match="no space"):
        make_busi(tmp_path / "busi", count=3, size=SIZE, workers=1)
    assert not any(tmp_path.iterdir())


def test_failing_rename_brings_the_old_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, new = tmp_path / "busi", tmp_path / "new"
    out.mkdir()
    (out / "old.txt").write_text("old")
    with pytest.raises(FileNotFoundError):
        phantoms.replace_folder(new, out, tmp_path / "aside")
    assert content(out) == {"old.txt": b"old"}


def test_progress_counts_every_image(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    make_busi(
        tmp_path / "busi", count=3, size=SIZE, progress=lambda *step: told.append(step), workers=2
    )
    assert told == [(1, 3), (2, 3), (3, 3)]
