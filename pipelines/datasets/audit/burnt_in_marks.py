"""Marks burnt into a picture: text, measurement crosses, coloured graphics.

A network may learn from them instead of from the tissue, so the audit says which pictures have any.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, binary_opening

from pipelines.datasets.audit.burnt_in_text import has_text
from pipelines.datasets.audit.caliper import are_calipers, crosses
from pipelines.datasets.audit.coloured_overlay import coloured
from pipelines.datasets.audit.sharp_pixels import sharp_pixels

_SMALL = 300  # pixels of the longer side, below which halves would blur the marks away
_SMALLEST = 32  # pixels of the shorter side of a half


def marks(pixels: NDArray[np.uint8] | NDArray[np.uint16]) -> frozenset[str]:
    """Finds the marks in a picture.

    Args:
        pixels: grey values (h, w) or red, green and blue (h, w, 3); 16 bits are stretched to 8 by
            the picture's own range.

    Returns:
        A subset of ``text`` (letters or numbers), ``caliper`` (measurement crosses) and ``overlay``
        (coloured graphics on a grey picture).
    """
    picture = _eight_bits(pixels)
    found = set()
    areas = None
    if picture.ndim == 3:
        colours = coloured(picture)
        if colours.any():
            found.add("overlay")
            areas = _areas(colours)
        picture = _grey(picture)
    for level, ignored in _levels(picture.astype(np.int16), areas):
        sharp = sharp_pixels(level)
        signs = crosses(level, sharp)
        measured = are_calipers(signs)
        if measured:
            found.add("caliper")
        if has_text(sharp, signs if measured else (), ignored):
            found.add("text")
    return frozenset(found)


def _eight_bits(pixels: NDArray[np.uint8] | NDArray[np.uint16]) -> NDArray[np.uint8]:
    """Stretches 16 bits to 8 by the picture's own range."""
    if pixels.dtype == np.uint8:
        return pixels.astype(np.uint8, copy=False)
    low, high = int(pixels.min()), int(pixels.max())
    scaled = (pixels.astype(np.float32) - low) * (255 / max(high - low, 1))
    return (scaled + 0.5).astype(np.uint8)


def _grey(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Turns red, green and blue (h, w, 3) to their luma (h, w) of ITU-R BT.601."""
    red, green, blue = (picture[..., channel].astype(np.uint16) for channel in range(3))
    return ((red * 77 + green * 150 + blue * 29) >> 8).astype(np.uint8)


def _areas(colours: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Keeps what is wide of coloured pixels, and its rim: blood flow, not strokes of letters."""
    wide = binary_opening(colours, iterations=2)
    return binary_dilation(wide, iterations=4)


def _levels(
    picture: NDArray[np.int16], areas: NDArray[np.bool_] | None
) -> Iterator[tuple[NDArray[np.int16], NDArray[np.bool_] | None]]:
    """Gives a picture and its halves: marks are thin lines in one of them at least."""
    yield picture, areas
    while max(picture.shape) >= _SMALL and min(picture.shape) >= 2 * _SMALLEST:
        picture = functools.reduce(np.add, _quarters(picture)) >> 2
        areas = None if areas is None else functools.reduce(np.logical_or, _quarters(areas))
        yield picture, areas


def _quarters(image: NDArray[Any]) -> list[NDArray[Any]]:
    """Gives the upper left, upper right, ... pixel of each square of four (h // 2, w // 2)."""
    height, width = (size - size % 2 for size in image.shape)
    return [image[down:height:2, right:width:2] for down in (0, 1) for right in (0, 1)]
