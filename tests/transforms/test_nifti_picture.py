"""2-D NIfTI files are read as the pictures that they show, or refused by name."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.pipelines.datasets.made_nifti import SWAPPED, TRANSFORMS, block, lying, write_nifti
from transforms.nifti_picture import read_nifti
from transforms.picture import PictureError


@pytest.mark.parametrize("name", TRANSFORMS)
@pytest.mark.parametrize("dtype", ["u1", "i2", "f4"])
@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".NII.GZ"])
def test_a_picture_stands_by_its_transform(
    name: str, dtype: str, suffix: str, tmp_path: Path
) -> None:
    picture = block((6, 9), dtype)
    path = tmp_path / f"a{suffix}"
    write_nifti(path, lying(picture, TRANSFORMS[name]), TRANSFORMS[name])
    read = read_nifti(path)
    assert read.dtype == dtype
    np.testing.assert_array_equal(read, picture)


def test_values_are_those_of_the_files_own_scale(tmp_path: Path) -> None:
    write_nifti(tmp_path / "a.nii", block((4, 6), "i2"), scale=(2.0, -10.0))
    np.testing.assert_allclose(read_nifti(tmp_path / "a.nii"), block((4, 6)).T * 2.0 - 10)


def test_one_voxel_along_one_axis_is_a_slice_and_two_are_a_volume(tmp_path: Path) -> None:
    path = tmp_path / "a.nii"
    for shape in ((1, 6, 5), (4, 1, 5), (4, 6, 1, 1)):
        assert read_nifti(write_nifti(path, block(shape))).size == block(shape).size
    for shape in ((4, 6, 5), (1, 1, 5), (4, 6, 1, 2)):
        with pytest.raises(PictureError, match=r"a\.nii has the shape \(.*Cut it into slices"):
            read_nifti(write_nifti(path, block(shape)))


def test_what_is_no_grey_picture_is_named(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match=r"gone\.nii cannot be read as NIfTI"):
        read_nifti(tmp_path / "gone.nii")
    with pytest.raises(PictureError, match=r"a\.nii holds values of type complex64"):
        read_nifti(write_nifti(tmp_path / "a.nii", block((4, 6), "c8")))


@given(data=st.data())
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_broken_header_never_ends_in_a_traceback(tmp_path: Path, data: st.DataObject) -> None:
    content = bytearray(write_nifti(tmp_path / "a.nii", block((4, 6)), SWAPPED).read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, 351))] = data.draw(st.integers(0, 255))
    (tmp_path / "b.nii").write_bytes(content)
    try:
        assert read_nifti(tmp_path / "b.nii").ndim == 2
    except PictureError as error:
        assert str(error).startswith(str(tmp_path / "b.nii"))


def test_a_header_that_nibabel_refuses_is_named(tmp_path: Path) -> None:
    content = bytearray(write_nifti(tmp_path / "a.nii", block((4, 6)), SWAPPED).read_bytes())
    header = nib.Nifti1Header(bytes(content[:348]))
    header["datatype"] = 4096
    content[:348] = header.binaryblock
    (tmp_path / "a.nii").write_bytes(content)
    with pytest.raises(PictureError, match=r"cannot be read as NIfTI .*4096"):
        read_nifti(tmp_path / "a.nii")
