from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest
from PIL import Image

from pipelines.datasets.encoding import encode
from pipelines.datasets.exports.stored import is_nifti, read_image, read_mask
from pipelines.errors import InputError
from tests.pipelines.datasets.made_nifti import TRANSFORMS, lying, write_nifti
from transforms.upright_reader import UprightReader

GREY = np.random.default_rng(0).integers(0, 255, (20, 30)).astype(np.uint8)


@pytest.mark.parametrize("kind", ["png", "nifti"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_images_come_back_as_they_were_stored(tmp_path: Path, kind: str, dtype: type) -> None:
    path = tmp_path / ("a.png" if kind == "png" else "a.nii.gz")
    path.write_bytes(encode(GREY.astype(dtype) * 3, kind, (0.5, 0.2)))
    found = read_image(path, 1)
    assert found.dtype == dtype and np.array_equal(found, GREY.astype(dtype) * 3)
    assert is_nifti(path) == (kind == "nifti")


def test_channels_are_those_of_the_dataset(tmp_path: Path) -> None:
    Image.fromarray(GREY).save(tmp_path / "a.png")
    assert np.array_equal(read_image(tmp_path / "a.png", 3), np.stack([GREY] * 3, axis=-1))
    Image.fromarray(np.stack([GREY] * 3, axis=-1)).save(tmp_path / "b.png")
    assert np.array_equal(read_image(tmp_path / "b.png", 1), GREY)


def test_palette_masks_give_their_indices(tmp_path: Path) -> None:
    mask = Image.fromarray((GREY % 3).astype(np.uint8))
    mask.putpalette([9, 9, 9, 200, 0, 0, 0, 200, 0])
    mask.save(tmp_path / "m.png")
    assert np.array_equal(read_mask(tmp_path / "m.png", 3, (20, 30)), GREY % 3)


def test_masks_of_another_size_or_index_are_refused(tmp_path: Path) -> None:
    Image.fromarray((GREY % 3).astype(np.uint8)).save(tmp_path / "m.png")
    with pytest.raises(InputError, match=r"m\.png holds the class index 2; the labels end at 1"):
        read_mask(tmp_path / "m.png", 2, (20, 30))
    with pytest.raises(InputError, match=r"m\.png is 30 x 20 pixels, its image 30 x 21"):
        read_mask(tmp_path / "m.png", 3, (21, 30))


@pytest.mark.parametrize("name", ["a.png", "a.nii.gz", "a.nii"])
@pytest.mark.parametrize("data", [b"", b"no picture at all"])
def test_damaged_files_are_named(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    for read in (lambda path: read_image(path, 1), lambda path: read_mask(path, 2, (2, 2))):
        with pytest.raises(InputError, match=name.replace(".", r"\.")):
            read(tmp_path / name)


@pytest.mark.parametrize("stop", [60, 300])
def test_cut_off_nifti_is_named(tmp_path: Path, stop: int) -> None:
    (tmp_path / "a.nii.gz").write_bytes(encode(GREY, "nifti")[:stop])
    with pytest.raises(InputError, match=r"a\.nii\.gz cannot be read as NIfTI"):
        read_image(tmp_path / "a.nii.gz", 1)


@pytest.mark.parametrize("name", TRANSFORMS)
def test_nifti_of_other_hands_stands_as_training_reads_it(tmp_path: Path, name: str) -> None:
    write_nifti(tmp_path / "a.nii", lying(GREY % 3, TRANSFORMS[name]), TRANSFORMS[name])
    theirs, _ = UprightReader("indices").get_data(tmp_path / "a.nii")
    assert np.array_equal(read_image(tmp_path / "a.nii", 1), GREY % 3)
    assert np.array_equal(read_mask(tmp_path / "a.nii", 3, (20, 30)), theirs)


def test_volumes_and_fractions_are_refused(tmp_path: Path) -> None:
    nibabel.save(nibabel.Nifti1Image(np.zeros((4, 4, 3), np.uint8), np.eye(4)), tmp_path / "v.nii")
    with pytest.raises(InputError, match=r"the shape \(4, 4, 3\); expected one 2-D slice"):
        read_image(tmp_path / "v.nii", 1)
    for value in (0.5, -1.0, np.nan):
        array = np.full((4, 4), value, np.float32)
        nibabel.save(nibabel.Nifti1Image(array, np.eye(4)), tmp_path / "f.nii")
        with pytest.raises(InputError, match="expected whole numbers of 16 bits"):
            read_image(tmp_path / "f.nii", 1)
