"""A folder of radiographs in class folders, by region."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipelines.datasets.phantoms import bones
from pipelines.datasets.phantoms.bones import cases, make_bones
from pipelines.errors import InputError

SIZE = 64


def content(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("phantoms") / "bones"
    make_bones(out, count=12, seed=3, size=SIZE, workers=1)
    return out


def test_workers_do_not_change_the_result(made: Path, tmp_path: Path) -> None:
    make_bones(tmp_path / "bones", count=12, seed=3, size=SIZE, workers=2)
    assert content(tmp_path / "bones") == content(made)


def test_seed_decides_and_count_only_appends(made: Path, tmp_path: Path) -> None:
    make_bones(tmp_path / "fewer", count=4, seed=3, size=SIZE, workers=1)
    make_bones(tmp_path / "other", count=4, seed=4, size=SIZE, workers=1)
    fewer, other = content(tmp_path / "fewer"), content(tmp_path / "other")
    assert fewer.items() <= content(made).items()
    assert fewer["healthy/hand/hand_0001.png"] != other["healthy/hand/hand_0001.png"]


def test_layout_is_class_then_region_and_no_name_repeats(made: Path) -> None:
    names = list(content(made))
    for name in names:
        assert re.fullmatch(
            r"(healthy|fractured|beyond_repair)/(hand|forearm|lower_leg)/\2_\d{4}\.png", name
        )
    assert len({Path(name).name for name in names}) == len(names) == 12


def test_images_are_grey_and_differ_in_size(made: Path) -> None:
    shapes = set()
    for path in made.rglob("*.png"):
        with Image.open(path) as image:
            assert image.mode == "L" and max(image.size) <= SIZE
            shapes.add(image.size)
    assert len(shapes) > 5


@pytest.mark.parametrize("count", [3, 9, 60, 200])
def test_classes_and_regions_are_even(count: int) -> None:
    made = list(cases(count))
    for kind in bones.KINDS:
        assert abs(sum(case.kind == kind for case in made) - count / 3) < 1
    if count >= 9:
        assert len({(case.kind, case.region) for case in made}) == 9


@pytest.mark.parametrize(
    "name", ["mine.txt", "healthy/mine.txt", "healthy/hand/hand_0001.png", "skull/"]
)
def test_overwrite_spares_what_it_did_not_make(tmp_path: Path, name: str) -> None:
    out = tmp_path / "bones"
    make_bones(out, count=1, size=SIZE)
    if name.endswith("/"):
        (out / "healthy" / name).mkdir()
    elif name.endswith(".png"):
        Image.new("L", (80, 60)).save(out / name)
    else:
        (out / name).write_text("mine")
    before = content(out)
    with pytest.raises(InputError, match="which no phantom run made, so it is not replaced"):
        make_bones(out, count=1, size=SIZE, overwrite=True)
    assert content(out) == before


def test_overwrite_replaces_an_earlier_run(tmp_path: Path) -> None:
    out = tmp_path / "bones"
    make_bones(out, count=3, size=SIZE, workers=1)
    with pytest.raises(InputError, match="a set of made images already; replace it with --over"):
        make_bones(out, count=1, size=SIZE)
    make_bones(out, count=1, size=SIZE, overwrite=True)
    assert list(content(out)) == ["healthy/hand/hand_0001.png"]


def test_a_full_disk_is_one_line_and_leaves_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, pixels: np.ndarray) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(bones, "write_marked", full)
    with pytest.raises(InputError, match="bones cannot be written: No space left on device"):
        make_bones(tmp_path / "bones", count=2, size=SIZE, workers=1)
    assert not any(tmp_path.iterdir())


def test_numbers_are_checked_and_progress_counts(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="count is 0; expected 1"):
        make_bones(tmp_path / "bones", count=0)
    told: list[tuple[int, int]] = []
    make_bones(tmp_path / "bones", count=2, size=SIZE, progress=lambda *step: told.append(step))
    assert told == [(1, 2), (2, 2)]
