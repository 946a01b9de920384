from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from pipelines.datasets.sources import nifti_volume
from pipelines.datasets.sources.nifti_volume import read_volume
from tests.pipelines.datasets.made_nifti import LPS, block, write_nifti
from transforms.picture import PictureError

RAS = np.eye(4)
TURNED = np.array([[0, 0, -2, 0], [1, 0, 0, 0], [0, -3, 0, 0], [0, 0, 0, 1.0]])


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
@pytest.mark.parametrize("affine", [RAS, LPS, TURNED])
def test_slices_stand_as_radiologists_look_at_them(
    tmp_path: Path, suffix: str, affine: np.ndarray
) -> None:
    array = block()
    path = write_nifti(tmp_path / f"a{suffix}", array, affine)
    canonical = np.asarray(nib.as_closest_canonical(nib.load(path)).dataobj)
    volume = read_volume(path, "a")
    for axis in range(3):
        for index in range(canonical.shape[axis]):
            plane = np.take(
                canonical, index, axis=axis
            )  # (right or anterior, anterior or superior)
            shown = volume.upright(axis, index)
            assert shown[0, 0] == plane[-1, -1]  # the patient's right (or front), and front or head
            assert shown[-1, -1] == plane[0, 0]
            np.testing.assert_array_equal(shown, plane.T[::-1, ::-1])


def test_a_stack_of_itk_and_one_without_a_transform_keep_the_order_of_the_array(
    tmp_path: Path,
) -> None:
    array = block()
    for affine in (LPS, None):
        path = write_nifti(tmp_path / "a.nii", array, affine)
        for index in range(5):
            shown = read_volume(path, "a").upright(2, index)
            np.testing.assert_array_equal(shown, array[:, :, index].T)


def test_spacing_follows_the_slice(tmp_path: Path) -> None:
    volume = read_volume(write_nifti(tmp_path / "a.nii", block(), TURNED), "a")
    # stored axes run along anterior (1 mm), superior (3 mm), right (2 mm)
    assert volume.spacing(2) == pytest.approx((1, 2))  # rows anterior, columns right
    assert volume.spacing(1) == pytest.approx((3, 2))
    assert volume.spacing(0) == pytest.approx((3, 1))
    flat = write_nifti(tmp_path / "b.nii", block((4, 6)), zooms=(0.2, 0.5))
    assert read_volume(flat, "b").spacing(None) == pytest.approx((0.5, 0.2))


@pytest.mark.parametrize("affine", [RAS, LPS, TURNED, None])
def test_marked_slices_are_those_that_hold_something(
    tmp_path: Path, affine: np.ndarray | None
) -> None:
    mask = np.zeros((4, 6, 5), np.uint8)
    mask[1, 2, 3] = mask[1, 2, 4] = 1
    volume = read_volume(write_nifti(tmp_path / "a.nii", mask, affine), "a")
    for axis in range(3):
        expected = [volume.upright(axis, i).any() for i in range(len(volume.marked(axis)))]
        assert volume.marked(axis).tolist() == expected


def test_a_volume_that_is_cut_off_or_changed_is_refused(tmp_path: Path) -> None:
    array = np.random.default_rng(0).integers(0, 256, (40, 60, 5)).astype(np.uint8)
    for suffix in (".nii", ".nii.gz"):
        path = write_nifti(tmp_path / f"a{suffix}", array)
        content = bytearray(path.read_bytes())
        path.write_bytes(content[:-40])
        with pytest.raises(PictureError, match=r"^a is truncated: it breaks off after 1"):
            read_volume(path, "a")
    content[len(content) // 2] ^= 255
    path.write_bytes(content)
    with pytest.raises(PictureError, match=r"^a is truncated or damaged"):
        read_volume(path, "a")


def test_a_flat_image_stands_as_the_only_slice_of_its_volume(tmp_path: Path) -> None:
    array = block((4, 6))
    for affine in (RAS, LPS, TURNED, None):
        path = write_nifti(tmp_path / "a.nii", array, affine)
        stack = write_nifti(tmp_path / "b.nii", np.stack([array] * 2, axis=2), affine)
        axis = read_volume(path, "a").header.along(2)
        shown, expected = (read_volume(each, "a") for each in (path, stack))
        np.testing.assert_array_equal(shown.upright(axis, 0), expected.upright(axis, 0))
        assert shown.spacing(axis) == expected.spacing(axis)
        np.testing.assert_array_equal(shown.upright(None, 0), shown.upright(axis, 0))
        assert shown.spacing(None) == shown.spacing(axis)


def test_volumes_are_kept_unpacked_but_never_stale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [write_nifti(tmp_path / f"{name}.nii.gz", block()) for name in "abc"]
    first = read_volume(paths[0], "a")
    assert read_volume(paths[0], "another name") is first
    for path in paths:
        read_volume(path, "a")
    assert len(nifti_volume._volumes) == nifti_volume._KEPT
    assert read_volume(paths[0], "a") is not first
    write_nifti(paths[0], block() + 1)
    assert read_volume(paths[0], "a").stored[0, 0, 0] == 1
