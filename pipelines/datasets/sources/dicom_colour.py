"""From the stored values of a coloured DICOM image to RGB of 8 bits."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.pixels import apply_color_lut

from pipelines.datasets.sources.dicom_check import PALETTE
from transforms.picture import PictureError


def to_colour(stored: NDArray[Any], elements: Dataset, name: str) -> NDArray[np.uint8]:
    """Gives the colours that a viewer shows.

    Args:
        stored: (height, width, 3) RGB, as pydicom decodes RGB and YBR; or (height, width) indices
            of a palette.
        elements: the header.
        name: what messages call the image.

    Returns:
        uint8, upright: (height, width, 3); or (height, width) where the three channels are equal.

    Raises:
        PictureError: a palette that cannot be read.
    """
    if elements.PhotometricInterpretation == PALETTE:
        colours = _by_palette(stored, elements, name)
    else:
        colours = _eight_bits(stored, 2 ** int(elements.get("BitsStored") or 8) - 1)
    red = colours[..., 0]
    grey = np.array_equal(red, colours[..., 1]) and np.array_equal(red, colours[..., 2])
    return np.ascontiguousarray(red if grey else colours)


def _by_palette(stored: NDArray[Any], elements: Dataset, name: str) -> NDArray[np.uint8]:
    """Looks the colours up; a palette said to be of 16 bits that holds 8 is taken as one of 8."""
    count, first, depth = (int(each) for each in elements.RedPaletteColorLookupTableDescriptor)
    count = count or 2**16
    if depth == 8 and count > 256:
        raise PictureError(
            f"{name} has a palette of {count} colours of 8 bits; expected at most 256. Export it "
            "as RGB"
        )
    # pydicom wraps indices that are wider than the palette's entries.
    indices = np.clip(stored.astype(np.int64), first, first + count - 1)
    colours = apply_color_lut(indices, elements)[..., :3]
    return _eight_bits(colours, 255 if colours.max() <= 255 else 65535)


def _eight_bits(values: NDArray[Any], greatest: int) -> NDArray[np.uint8]:
    """Scales values of [0, greatest] to [0, 255]."""
    if greatest == 255 and values.dtype == np.uint8:
        return values
    scaled = np.rint(np.clip(values, 0, greatest) * (255 / greatest))
    return scaled.astype(np.uint8)
