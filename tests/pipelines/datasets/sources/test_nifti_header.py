from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from pipelines.datasets.sources.nifti_header import MOST_SLICES, MOST_VOXELS, read_header
from tests.pipelines.datasets.made_nifti import LPS, block, write_nifti
from transforms.picture import PictureError

NAME = 'file "a.nii"'


def refused(path: Path) -> str:
    with pytest.raises(PictureError) as caught:
        read_header(path, NAME)
    line = str(caught.value)
    assert line.startswith(NAME)
    assert "\n" not in line
    return line


def patched(tmp_path: Path, **fields: Any) -> Path:
    """Writes a file whose header says something else."""
    path = write_nifti(tmp_path / "a.nii", block())
    content = bytearray(path.read_bytes())
    header = nib.Nifti1Header(bytes(content[:348]), check=False)
    for key, value in fields.items():
        header[key] = value
    content[:348] = header.binaryblock
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz", "a (1) é.NII.GZ"])
def test_a_header_is_read(tmp_path: Path, name: str) -> None:
    affine = np.diag([-0.5, -0.4, 3, 1])
    path = write_nifti(tmp_path / "a.nii", block(dtype="i2"), affine)
    content = path.read_bytes()
    (tmp_path / name).write_bytes(gzip.compress(content) if "gz" in name.lower() else content)
    header = read_header(tmp_path / name, NAME)
    assert (header.shape, header.dtype, header.offset) == ((4, 6, 5), np.int16, 352)
    assert (header.slope, header.inter, header.is_scaled) == (1, 0, False)
    assert header.zooms == pytest.approx((0.5, 0.4, 3))
    assert header.orientation == ((0, -1), (1, -1), (2, 1))
    assert not header.is_flat
    assert header.size == 4 * 6 * 5 * 2


def test_the_second_version_and_other_byte_orders_are_read(tmp_path: Path) -> None:
    nib.Nifti2Image(block(), LPS).to_filename(tmp_path / "b.nii")
    assert read_header(tmp_path / "b.nii", NAME).shape == (4, 6, 5)
    image = nib.Nifti1Image(block(dtype="i2"), LPS).header.as_byteswapped()
    nib.Nifti1Image(block(dtype="i2"), LPS, image).to_filename(tmp_path / "c.nii")
    assert read_header(tmp_path / "c.nii", NAME).shape == (4, 6, 5)


def test_axes_of_one_voxel_at_the_end_are_left_away(tmp_path: Path) -> None:
    for shape, expected in (((4, 6), (4, 6)), ((4, 6, 1), (4, 6)), ((4, 6, 5, 1, 1), (4, 6, 5))):
        header = read_header(write_nifti(tmp_path / "a.nii", block(shape)), NAME)
        assert header.shape == expected
        assert header.is_flat == (len(expected) == 2)


def test_spacing_is_in_millimetres_or_nothing(tmp_path: Path) -> None:
    zooms = (0.2, 0.1, 0.3)
    path = tmp_path / "a.nii"
    micron = read_header(write_nifti(path, block(), LPS, zooms, "micron"), NAME).zooms
    assert micron == pytest.approx((0.0002, 0.0001, 0.0003))
    assert read_header(write_nifti(path, block(), LPS, (1, 1, 1), "unknown"), NAME).zooms is None
    assert read_header(write_nifti(path, block(), LPS, (1, 1, 1), "mm"), NAME).zooms == (1, 1, 1)
    assert read_header(patched(tmp_path, pixdim=[1, 0, 1, 1, 1, 1, 1, 1]), NAME).zooms is None


def test_a_file_without_a_transform_has_no_orientation(tmp_path: Path) -> None:
    header = read_header(write_nifti(tmp_path / "a.nii", block()), NAME)
    assert header.orientation is None
    assert [header.stored_axis(axis) for axis in range(3)] == [0, 1, 2]


def test_axes_are_found_where_they_run(tmp_path: Path) -> None:
    affine = np.array([[0, 0, -1, 0], [1, 0, 0, 0], [0, -1, 0, 0], [0, 0, 0, 1.0]])
    header = read_header(write_nifti(tmp_path / "a.nii", block(), affine), NAME)
    assert header.orientation == ((1, 1), (2, -1), (0, -1))
    assert [header.stored_axis(axis) for axis in range(3)] == [2, 0, 1]
    assert [header.along(axis) for axis in range(3)] == [1, 2, 0]


@pytest.mark.parametrize("shape", [(4, 6), (4, 6, 1), (4, 6, 5)])
def test_a_third_axis_without_a_direction_gets_the_one_that_is_left(
    tmp_path: Path, shape: tuple[int, ...]
) -> None:
    path = write_nifti(tmp_path / "a.nii", block(shape), LPS)
    content = bytearray(path.read_bytes())
    header = nib.Nifti1Header(bytes(content[:348]))
    header["srow_x"], header["srow_y"], header["srow_z"] = [-1, 0, 0, 0], [0, 0, 0, 0], [0, 2, 0, 0]
    content[:348] = header.binaryblock
    path.write_bytes(content)
    assert read_header(path, NAME).orientation == ((0, -1), (2, 1), (1, 1))


def test_a_flat_image_has_no_direction_across(tmp_path: Path) -> None:
    for across in (1, -1):
        affine = np.diag([-1.0, -1, across, 1])
        flat = read_header(write_nifti(tmp_path / "a.nii", block((4, 6)), affine), NAME)
        assert flat.orientation == ((0, -1), (1, -1), (2, 1))


def test_what_is_no_image_is_said(tmp_path: Path) -> None:
    path = tmp_path / "a.nii"
    assert "does not exist" in refused(path)
    path.write_bytes(b"")
    assert "is empty (0 bytes)" in refused(path)
    path.write_bytes(b"text " * 200)
    assert "is no NIfTI file, or truncated within its header" in refused(path)
    path.write_bytes(write_nifti(path, block()).read_bytes()[:300])
    assert "truncated within its header" in refused(path)
    path.write_bytes(b"\x1f\x8b" + b"0" * 50)
    assert "is truncated or damaged" in refused(path)
    assert "is truncated or damaged" in refused(tmp_path)
    nib.Nifti1Pair(block(), LPS).to_filename(tmp_path / "b.hdr")
    assert "is one of a pair of header and image" in refused(tmp_path / "b.hdr")


def test_headers_that_cannot_be_are_refused(tmp_path: Path) -> None:
    four = write_nifti(tmp_path / "b.nii", block((4, 6, 5, 2)))
    assert "has the shape (4, 6, 5, 2); expected an image (x, y) or a volume" in refused(four)
    colours = np.zeros((4, 6), dtype=[("R", "u1"), ("G", "u1"), ("B", "u1")])
    nib.Nifti1Image(colours, LPS).to_filename(tmp_path / "c.nii")
    assert "holds values of the type RGB" in refused(tmp_path / "c.nii")
    complex_ = write_nifti(tmp_path / "d.nii", block(dtype="c8"))
    assert "holds values of the type complex64" in refused(complex_)
    large = patched(tmp_path, dim=[3, 32000, 32000, 5, 1, 1, 1, 1])
    assert "is 32000 x 32000 pixels by its header; the limit is" in refused(large)
    deep = patched(tmp_path, dim=[3, 4, 5, 32000, 1, 1, 1, 1])
    assert f"the limits are {MOST_VOXELS} voxels and {MOST_SLICES} slices" in refused(deep)
    assert "shape (4, 6, 0)" in refused(patched(tmp_path, dim=[3, 4, 6, 0, 1, 1, 1, 1]))
    assert "damaged (a code in its header means nothing)" in refused(
        patched(tmp_path, xyzt_units=64)
    )
    assert "start at byte" in refused(patched(tmp_path, vox_offset=1e12))


def test_nothing_is_printed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    read_header(patched(tmp_path, sform_code=200, pixdim=[1, -1, 1, 1, 1, 1, 1, 1]), NAME)
    assert capfd.readouterr() == ("", "")


def test_no_permission_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_nifti(tmp_path / "a.nii", block())

    def denied(*arguments: Any, **options: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", denied)
    assert "cannot be read: Permission denied" in refused(path)
