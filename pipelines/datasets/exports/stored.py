"""The images and masks of a dataset folder as arrays, whichever file format they are kept in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.datasets import picture
from pipelines.errors import InputError
from transforms.picture import PictureError, to_indices

NIFTI_SUFFIXES = (".nii", ".nii.gz")


def is_nifti(path: str | Path) -> bool:
    """Tells by its name whether a file is NIfTI."""
    return str(path).lower().endswith(NIFTI_SUFFIXES)


def read_image(path: Path, channels: int) -> NDArray[Any]:
    """Reads an image upright.

    Args:
        path: a picture or a NIfTI file of one slice.
        channels: 1 or 3.

    Returns:
        (height, width) uint8 or uint16, or, of three channels, (height, width, 3) uint8.

    Raises:
        InputError: the file is damaged, or holds what the dataset folder does not allow.
    """
    try:
        pixels = _slice(path) if is_nifti(path) else picture.read(path, str(path)).pixels
        return picture.to_grey(pixels) if channels == 1 else picture.to_rgb(pixels, str(path))
    except PictureError as error:
        raise InputError(str(error)) from None


def read_mask(path: Path, classes: int, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Reads a mask.

    Args:
        path: a picture of class indices (grey or palette), or a NIfTI file of one slice.
        classes: how many labels there are.
        shape: (height, width) of its image.

    Returns:
        (height, width), class indices below ``classes``.

    Raises:
        InputError: the file is damaged, its size is another, or it holds an unknown index.
    """
    try:
        indices = _slice(path) if is_nifti(path) else to_indices(picture.opened(path, str(path)))
    except PictureError as error:
        raise InputError(str(error)) from None
    if indices.shape != tuple(shape):
        (height, width), (image_height, image_width) = indices.shape, shape
        raise InputError(
            f"{path} is {width} x {height} pixels, its image {image_width} x {image_height}; "
            "convert the raw folder again"
        )
    highest = int(indices.max())
    if highest >= classes:
        raise InputError(
            f"{path} holds the class index {highest}; the labels end at {classes - 1}. Convert the "
            "raw folder again"
        )
    return indices.astype(np.uint8)


def _slice(path: Path) -> NDArray[Any]:
    """Reads the one slice of a NIfTI file, (height, width), uint8 or uint16."""
    from transforms.nifti_picture import read_nifti

    shown = read_nifti(path)
    whole = shown.astype(np.uint16) if shown.min() >= 0 and shown.max() <= 65535 else None
    if whole is None or (whole != shown).any():
        raise InputError(
            f"{path} holds values from {shown.min():g} to {shown.max():g}; expected whole numbers "
            "of 16 bits"
        )
    return shown.astype(np.uint8) if shown.dtype == np.uint8 else whole
