"""The files of a dataset: PNG, or NIfTI where a spacing must travel with the pixels."""

from __future__ import annotations

import gzip
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.datasets import picture
from pipelines.datasets.resize import Spacing

SUFFIXES = {"png": ".png", "nifti": ".nii.gz"}
"""The formats, each with its file suffix."""


def encode(pixels: NDArray[Any], kind: str, spacing: Spacing | None = None) -> bytes:
    """Encodes a picture or a mask; the same pixels give the same bytes.

    Args:
        pixels: (height, width) uint8 or uint16, or, as PNG only, (height, width, 3) uint8.
        kind: a key of ``SUFFIXES``.
        spacing: millimetres per pixel (row, column), for the affine of a NIfTI.

    Returns:
        The bytes of the file.
    """
    return picture.png(pixels) if kind == "png" else _nifti(pixels, spacing)


def _nifti(pixels: NDArray[Any], spacing: Spacing | None) -> bytes:
    """Encodes (height, width) as the array (x, y), x to the patient's left and y to the back.

    So lies a picture that a viewer shows upright, and so ITK writes one. Without a spacing a pixel
    counts one, of no unit.
    """
    import nibabel

    row, column = spacing or (1.0, 1.0)
    image = nibabel.Nifti1Image(pixels.T, np.diag([-column, -row, 1.0, 1.0]))
    image.header.set_xyzt_units("mm" if spacing else "unknown")
    return gzip.compress(image.to_bytes(), compresslevel=picture.COMPRESSION, mtime=0)
