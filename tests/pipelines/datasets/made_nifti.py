"""Small NIfTI files, made for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
"""The transform that ITK writes: x to the patient's left, y to the back."""

SWAPPED = np.array([[0, 0.3, 0, 5], [0.2, 0, 0, 6], [0, 0, 1, 7], [0, 0, 0, 1]])
"""The first axis runs to the front, the second one to the patient's right."""

COUNTER = np.array([[0, -0.3, 0, 5], [0.2, 0, 0, 6], [0, 0, 1, 7], [0, 0, 0, 1]])
"""The first axis runs to the front, the second one to the patient's left."""

FLIPPED = np.diag([-0.2, 0.3, 1, 1])
"""x to the patient's left, y to the front: as where the rows are counted from below."""

OBLIQUE = np.array([[-0.9, 0.4, 0, 1], [-0.4, -0.9, 0, 2], [0, 0, 1, 3], [0, 0, 0, 1]])
"""Like LPS, turned by 24 degrees."""

TRANSFORMS = {
    "none": None, "eye": np.eye(4), "RAS": np.diag([0.2, 0.3, 1, 1]), "LPS": LPS,
    "swapped": SWAPPED, "counter": COUNTER, "flipped": FLIPPED, "oblique": OBLIQUE,
}  # fmt: skip
"""Ways in which 2-D images lie in space, those of programs and those of scanners."""


def lying(picture: NDArray[Any], affine: NDArray[Any] | None) -> NDArray[Any]:
    """Lays a picture (height, width) on an array, so that it stands upright by the transform.

    By nibabel's own reorientation, not by the code that is tested.
    """
    if affine is None:
        return picture.T
    axes = nib.orientations.io_orientation(affine)
    across = int(axes[2, 0])
    canonical = np.expand_dims(picture[::-1, ::-1].T, across)
    back = nib.orientations.ornt_transform([[0, 1], [1, 1], [2, 1]], axes)
    return nib.orientations.apply_orientation(canonical, back)[..., 0]


def write_nifti(
    path: Path,
    array: NDArray[Any],
    affine: NDArray[Any] | None = None,
    zooms: tuple[float, ...] | None = None,
    unit: str = "mm",
    scale: tuple[float, float] | None = None,
) -> Path:
    """Writes an array (x, y[, z]) as it stands; without an affine, without a transform."""
    image = nib.Nifti1Image(array, affine, dtype=array.dtype)
    if zooms:
        image.header.set_zooms(zooms)
    image.header.set_xyzt_units(unit)
    if affine is None:
        image.header.set_sform(None, 0)
        image.header.set_qform(None, 0)
    if scale:
        image.header.set_slope_inter(*scale)
    path.parent.mkdir(parents=True, exist_ok=True)
    image.to_filename(path)
    return path


def block(shape: tuple[int, ...] = (4, 6, 5), dtype: str = "u1") -> NDArray[Any]:
    """Makes an array of values that all differ."""
    return np.arange(int(np.prod(shape))).reshape(shape).astype(dtype)
