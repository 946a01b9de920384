"""Read one 2-D NIfTI file as a picture: upright, checked, or refused by name."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from transforms.nifti_orientation import directions, picture_axes, upright
from transforms.picture import PictureError

NIFTI_DAMAGE = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    TypeError,
    ValueError,
    zlib.error,
    nib.filebasedimages.ImageFileError,
    nib.spatialimages.HeaderDataError,
)
"""What nibabel, gzip and NumPy raise over broken files."""


def read_nifti(path: Path) -> NDArray[Any]:
    """Reads the one picture that a NIfTI file holds; its values may be no numbers.

    Args:
        path: the file, ``.nii`` or ``.nii.gz``.

    Returns:
        (height, width) as it stands by the file's transform (see ``transforms.nifti_orientation``),
        in its own type and range, after its own scale.

    Raises:
        PictureError: it cannot be read, holds no grey values, or several slices.
    """
    try:
        if path.name.lower().endswith(".gz"):
            gzip.decompress(path.read_bytes())  # nibabel stops before the check sum at the end
        image: Any = nib.load(path)
        array, found = np.asarray(image.dataobj), directions(image.header)
    except NIFTI_DAMAGE as error:
        raise PictureError(f"{path} cannot be read as NIfTI ({error}). Export it again") from error
    if array.dtype.kind not in "iuf":
        raise PictureError(f"{path} holds values of type {array.dtype}; expected one grey channel")
    axes = picture_axes(array.shape)
    if axes is None:
        raise PictureError(
            f"{path} has the shape {array.shape}; expected one 2-D slice (x, y). Cut it into slices"
        )
    plane = array.reshape(array.shape[axes[0]], array.shape[axes[1]])
    return upright(plane, found, axes)
