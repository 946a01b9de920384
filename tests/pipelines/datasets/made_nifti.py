"""Small NIfTI files, made for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
"""The transform that ITK writes: x to the patient's left, y to the back."""


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
