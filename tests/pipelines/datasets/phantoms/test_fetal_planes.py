"""A folder of fetal planes in the raw layout of FETAL_PLANES_DB."""

from __future__ import annotations

import csv
import os
import re
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipelines.datasets.phantoms import PHANTOMS, fetal_planes
from pipelines.datasets.phantoms.fetal_planes import (
    BRAIN_SHARES,
    HEADER,
    IMAGES,
    NO_BRAIN,
    PLANE_SHARES,
    PLANES,
    TABLE,
    make_fetal_planes,
    rows,
)
from pipelines.errors import InputError

SIZE = 64
REAL = (
    Path(os.environ.get("MED2D_DATA", Path(__file__).parents[5] / "shared" / "data"))
    / "FETAL_PLANES_DB"
)


def content(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def table(folder: Path) -> list[dict[str, str]]:
    with (folder / TABLE).open(newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("phantoms") / "planes"
    make_fetal_planes(out, count=16, seed=3, size=SIZE, workers=1)
    return out


def test_workers_do_not_change_the_result(made: Path, tmp_path: Path) -> None:
    make_fetal_planes(tmp_path / "planes", count=16, seed=3, size=SIZE, workers=2)
    assert content(tmp_path / "planes") == content(made)


def test_seed_decides_and_count_only_appends(made: Path, tmp_path: Path) -> None:
    make_fetal_planes(tmp_path / "fewer", count=4, seed=3, size=SIZE, workers=1)
    make_fetal_planes(tmp_path / "other", count=4, seed=4, size=SIZE, workers=1)
    all_of, fewer, other = (content(p) for p in (made, tmp_path / "fewer", tmp_path / "other"))
    assert all_of[TABLE].startswith(fewer.pop(TABLE))
    assert len(fewer) == 4 and fewer.items() <= all_of.items()
    assert not set(other.values()) & set(all_of.values())


def test_the_table_is_written_as_the_published_one(made: Path) -> None:
    first, second = (made / TABLE).read_bytes().splitlines()[:2]
    assert first == b"Image_name;Patient_num;Plane;Brain_plane;Operator;US_Machine;Train "
    assert re.fullmatch(rb"Patient00001_Plane\d_1_of_\d;1;[^;]+;[^;]+;[^;]+;[^;]+;[01]", second)
    for row in table(made):
        patient, plane = int(row["Patient_num"]), PLANES.index(row["Plane"]) + 1
        assert row["Image_name"].startswith(f"Patient{patient:05d}_Plane{plane}_")
        brain = row["Plane"] == "Fetal brain"
        assert row["Brain_plane"] in (BRAIN_SHARES if brain else [NO_BRAIN])


@pytest.mark.parametrize("seed", range(4))
def test_as_many_as_are_made_by_default_give_every_plane_to_each_of_five_folds(seed: int) -> None:
    patients: dict[str, set[int]] = {plane: set() for plane in PLANES}
    for row in islice(rows(seed), PHANTOMS["fetal-planes"].count):
        patients[row.plane].add(row.patient)
    assert min(map(len, patients.values())) >= 5


@pytest.mark.realdata
@pytest.mark.skipif(not (REAL / TABLE).is_file(), reason="the real data are not here")
def test_the_real_table_has_the_same_columns_and_words() -> None:
    real = table(REAL)
    ours = list(islice(rows(0), 400))
    assert (REAL / TABLE).read_bytes().splitlines(keepends=True)[0] == (
        ";".join(HEADER).encode() + b"\r\n"
    )
    for number, column in enumerate(HEADER[2:6], start=2):
        assert {row[column] for row in real} <= {row.cells[number] for row in ours}


def test_every_row_has_its_image_and_sizes_differ(made: Path) -> None:
    names = {f"{row['Image_name']}.png" for row in table(made)}
    assert names == {path.name for path in (made / IMAGES).iterdir()} and len(names) == 16
    shapes = set()
    for path in (made / IMAGES).iterdir():
        with Image.open(path) as image:
            assert image.mode == "L" and image.height < image.width <= SIZE
            shapes.add(image.size)
    assert len(shapes) > 1


def test_a_patient_has_several_images_and_stands_on_one_side() -> None:
    ours = list(islice(rows(1), 300))
    patients = {row.patient for row in ours}
    assert 2 < len(ours) / len(patients) < 6
    for patient in patients:
        of_patient = [row for row in ours if row.patient == patient]
        assert len({(row.cells[-1], row.machine, row.operator) for row in of_patient}) == 1
    assert len({row.name for row in ours}) == 300
    trained = np.mean([row.cells[-1] == "1" for row in ours])
    assert 0.4 < trained < 0.6


@pytest.mark.parametrize("count", [6, 60, 300])
def test_every_plane_is_there_in_its_share(count: int) -> None:
    planes = [row.plane for row in islice(rows(0), count)]
    for plane, share in PLANE_SHARES.items():
        assert abs(planes.count(plane) - share * count) <= 3
        assert plane in planes


def test_overwrite_replaces_an_earlier_run_and_spares_all_else(tmp_path: Path) -> None:
    out = tmp_path / "planes"
    make_fetal_planes(out, count=2, size=SIZE, workers=1)
    with pytest.raises(InputError, match="a set of made images already; replace it with --over"):
        make_fetal_planes(out, count=1, size=SIZE)
    make_fetal_planes(out, count=1, size=SIZE, overwrite=True)
    assert len(content(out)) == 2
    (image,) = (out / IMAGES).iterdir()
    Image.new("L", (80, 60)).save(image)  # as in the real data: same name, not ours
    before = content(out)
    with pytest.raises(InputError, match="which no phantom run made, so it is not replaced"):
        make_fetal_planes(out, count=1, size=SIZE, overwrite=True)
    assert content(out) == before


@pytest.mark.parametrize("text", ["", "Image_name;Plane\n", "mine", b"\xff\xfe\x00", None])
def test_a_table_that_is_not_ours_is_spared(tmp_path: Path, text: str | bytes | None) -> None:
    out = tmp_path / "planes"
    make_fetal_planes(out, count=1, size=SIZE)
    if text is None:
        (out / TABLE).write_text((out / TABLE).read_text() + "another;2;Other;;;;1\n")
    else:
        (out / TABLE).write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(InputError, match=f"holds {TABLE}, which no phantom run made"):
        make_fetal_planes(out, count=1, size=SIZE, overwrite=True)


def test_failure_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, pixels: np.ndarray) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(fetal_planes, "write_marked", full)
    with pytest.raises(InputError, match="planes cannot be written: No space left on device"):
        make_fetal_planes(tmp_path / "planes", count=2, size=SIZE, workers=1)
    assert not any(tmp_path.iterdir())


def test_numbers_are_checked_and_progress_counts(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="size is 63; expected 64"):
        make_fetal_planes(tmp_path / "planes", size=63)
    told: list[tuple[int, int]] = []
    make_fetal_planes(
        tmp_path / "planes", count=2, size=SIZE, progress=lambda *step: told.append(step)
    )
    assert told == [(1, 2), (2, 2)]
