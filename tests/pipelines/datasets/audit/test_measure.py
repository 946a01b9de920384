from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipelines.datasets.audit.mask_ceiling import mask_ceilings
from pipelines.datasets.audit.measure import NO_COPY, Work, measure_one
from pipelines.datasets.audit.resolution import CANDIDATES
from pipelines.datasets.dataset import Dataset
from pipelines.datasets.duplicates import SIDE, small_copy
from pipelines.datasets.encoding import encode
from tests.pipelines.datasets.audit.made_cases import lesion, made_dataset, save, scan


@pytest.fixture
def made(tmp_path: Path) -> Dataset:
    return made_dataset(tmp_path / "made", 3)


def work(dataset: Dataset, marks: bool = False) -> Work:
    return Work(dataset.folder, classes=2, marks=marks)


def test_an_image_and_its_mask_are_measured(made: Dataset) -> None:
    measured, copy = measure_one(made.items[1], work(made))
    pixels = scan(1)
    assert (measured.width, measured.height, measured.channels, measured.depth) == (80, 60, 1, 8)
    assert (measured.lowest, measured.highest) == (pixels.min(), pixels.max())
    assert measured.sums == (int(pixels.sum()),)
    assert measured.squares == (int((pixels.astype(np.int64) ** 2).sum()),)
    assert not (measured.problem or measured.changed or measured.silent or measured.marks)
    assert measured.mask is not None and measured.mask.counts == (4300, 500)
    assert measured.mask.ceilings == mask_ceilings(lesion(), CANDIDATES)
    assert copy == small_copy(pixels).tobytes() and len(copy) == SIDE**2


def test_colours_are_measured_by_channel(made: Dataset) -> None:
    coloured = np.stack([scan(1), scan(1) // 2, scan(1) // 8], axis=2)
    save(made.folder, "images/a_0001.png", coloured)
    measured, _ = measure_one(made.items[1], work(made))
    assert measured.channels == 3 and measured.chroma > 0.9 and measured.changed
    assert measured.sums == tuple(int(coloured[..., channel].sum()) for channel in range(3))


def test_sixteen_bits_and_nifti(made: Dataset) -> None:
    deep = scan(1).astype(np.uint16) * 200
    save(made.folder, "images/a_0001.png", deep)
    assert measure_one(made.items[1], work(made))[0].depth == 16
    (made.folder / "images/a.nii.gz").write_bytes(encode(deep, "nifti"))
    (made.folder / "masks/a.nii.gz").write_bytes(encode(lesion(), "nifti"))
    item = made.items[1] | {"image": "images/a.nii.gz", "label": "masks/a.nii.gz"}
    measured, _ = measure_one(item, work(made))
    assert (measured.width, measured.height, measured.depth) == (80, 60, 16)
    assert measured.mask is not None and measured.mask.lesions == (500,)
    assert measured.digest == measure_one(made.items[1], work(made))[0].digest


def test_the_digest_is_of_the_pixels_not_of_the_file(made: Dataset) -> None:
    before, _ = measure_one(made.items[1], work(made))
    path = made.folder / "images/a_0001.png"
    Image.fromarray(scan(1)).save(path, compress_level=0)
    after, _ = measure_one(made.items[1], work(made))
    assert after.changed and not before.changed and after.digest == before.digest
    Image.fromarray(scan(1)).convert("RGB").save(path)
    assert measure_one(made.items[1], work(made))[0].digest == before.digest


def test_what_cannot_be_read_is_a_problem_without_the_folder(made: Dataset) -> None:
    path = made.folder / "images/a_0001.png"
    path.write_bytes(path.read_bytes()[:300])
    measured, copy = measure_one(made.items[1], work(made))
    assert measured.problem.startswith("images/a_0001.png is truncated or damaged")
    assert copy == NO_COPY and measured.mask is not None and measured.mask.parts == 1
    (made.folder / "images/a.nii.gz").write_bytes(b"no nifti")
    measured, _ = measure_one(made.items[1] | {"image": "images/a.nii.gz"}, work(made))
    assert "cannot be read as NIfTI" in measured.problem
    assert str(made.folder) not in measured.problem


def test_a_mask_that_cannot_be_read_is_a_problem_of_the_mask(made: Dataset) -> None:
    save(made.folder, "masks/a_0001.png", np.stack([lesion() * 255, lesion(), lesion()], axis=2))
    measured, _ = measure_one(made.items[1], work(made))
    assert not measured.problem and measured.mask is not None
    assert measured.mask.problem == (
        "masks/a_0001.png: a mask of mode RGB has no indices; expected a grey or palette one"
    )
    (made.folder / "masks/a_0001.png").write_bytes(b"")
    mask = measure_one(made.items[1], work(made))[0].mask
    assert mask is not None and "is empty (0 bytes)" in mask.problem


def test_a_class_index_is_no_mask(made: Dataset) -> None:
    assert measure_one(made.items[1] | {"label": 1}, work(made))[0].mask is None


def test_marks_are_looked_for_where_asked(made: Dataset) -> None:
    coloured = np.stack([scan(1)] * 3, axis=2)
    coloured[20:40, 20:50] = (255, 30, 30)
    save(made.folder, "images/a_0001.png", coloured)
    assert "overlay" in measure_one(made.items[1], work(made, marks=True))[0].marks
    assert measure_one(made.items[1], work(made))[0].marks == ()
