from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipelines.datasets.sources.nifti_alike import check_alike, directions_named
from pipelines.datasets.sources.nifti_header import NiftiHeader, read_header
from tests.pipelines.datasets.made_nifti import COUNTER, LPS, OBLIQUE, SWAPPED, block, write_nifti
from transforms.picture import PictureError

RAS = np.eye(4)


def header(folder: Path, shape: tuple[int, ...], affine: np.ndarray | None) -> NiftiHeader:
    return read_header(write_nifti(folder / "a.nii", block(shape), affine), "a")


@pytest.mark.parametrize("shape", [(4, 6), (4, 6, 5)])
@pytest.mark.parametrize(("affine", "other"), [(LPS, LPS), (None, None), (LPS, OBLIQUE)])
def test_masks_that_lie_like_their_image_pass(
    tmp_path: Path, shape: tuple[int, ...], affine: np.ndarray | None, other: np.ndarray | None
) -> None:
    check_alike(header(tmp_path, shape, affine), header(tmp_path, shape, other), "a", "m")


@pytest.mark.parametrize("shape", [(4, 6), (4, 6, 5)])
@pytest.mark.parametrize(
    ("affine", "other"), [(LPS, RAS), (SWAPPED, COUNTER), (None, RAS), (RAS, None)]
)
def test_others_are_refused(
    tmp_path: Path, shape: tuple[int, ...], affine: np.ndarray | None, other: np.ndarray | None
) -> None:
    given, mask = header(tmp_path, shape, affine), header(tmp_path, shape, other)
    with pytest.raises(PictureError, match=r'^a and its mask "m" lie differently in space') as told:
        check_alike(given, mask, "a", "m")
    assert f"({directions_named(given)} and {directions_named(mask)})" in str(told.value)


def test_a_flat_image_without_a_transform_stands_like_one_of_itk(tmp_path: Path) -> None:
    check_alike(header(tmp_path, (4, 6), None), header(tmp_path, (4, 6), LPS), "a", "m")
    check_alike(header(tmp_path, (4, 6), LPS), header(tmp_path, (4, 6), None), "a", "m")
    with pytest.raises(PictureError, match="no transform and LPS"):
        check_alike(header(tmp_path, (4, 6, 5), None), header(tmp_path, (4, 6, 5), LPS), "a", "m")


def test_another_shape_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match=r'^a has the shape \(4, 6\), its mask "m" \(6, 4\);'):
        check_alike(header(tmp_path, (4, 6), LPS), header(tmp_path, (6, 4), LPS), "a", "m")


def test_directions_have_names(tmp_path: Path) -> None:
    assert directions_named(header(tmp_path, (4, 6), SWAPPED)) == "AR"
    assert directions_named(header(tmp_path, (4, 6, 5), LPS)) == "LPS"
    assert directions_named(header(tmp_path, (4, 6), None)) == "no transform"
