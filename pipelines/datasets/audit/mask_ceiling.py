"""How well a mask survives being scaled down: the best Dice that an input of that size allows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipelines.datasets.audit.mask_shape import regions

_RIM = 2  # larger pixels around what is marked: all others are empty
_HALF = 128  # of 255: from here on a pixel belongs to the mask


def mask_ceilings(values: NDArray[Any], sizes: Sequence[int]) -> tuple[float, ...]:
    """Scales a mask to each size and back, and compares it with itself.

    Nobody can score better at the size of the image with a network whose output has that size, but
    for chance: what the small mask cannot hold is lost.

    Args:
        values: class indices (height, width).
        sizes: longer sides to which it is scaled, pixels.

    Returns:
        For each size the mean Dice, 0 to 1, of the classes but the first that the mask holds; 1
        where it would be enlarged. Nothing for an empty mask.
    """
    marked, longer = regions(values), max(values.shape)
    if not marked:
        return ()
    return tuple(
        1.0
        if size >= longer
        else round(sum(_ceiling(region, size / longer) for region in marked) / len(marked), 4)
        for size in sizes
    )


def _ceiling(region: NDArray[np.bool_], scale: float) -> float:
    """Gives the Dice of a region with itself, scaled down and up again.

    Only the part of the picture that holds the region is scaled, on the pixel grids of the whole.
    """
    height, width = region.shape
    size = max(1, round(height * scale)), max(1, round(width * scale))
    (top, bottom), (left, right) = _spans(region, size)
    high, wide = height / size[0], width / size[1]
    # Whole pixels of the picture that lie inside those of the small one.
    rows = slice(math.ceil(top * high), math.floor(bottom * high))
    columns = slice(math.ceil(left * wide), math.floor(right * wide))
    box = (left * wide, top * high, min(right * wide, width), min(bottom * high, height))
    small = _resized(region, (right - left, bottom - top), box)
    inner = (
        max(columns.start / wide - left, 0),
        max(rows.start / high - top, 0),
        min(columns.stop / wide - left, right - left),
        min(rows.stop / high - top, bottom - top),
    )
    large = _resized(small, (columns.stop - columns.start, rows.stop - rows.start), inner)
    shared = (region[rows, columns] & large).sum()
    return float(2 * shared / (region.sum() + large.sum()))


def _resized(
    region: NDArray[np.bool_], size: tuple[int, int], box: tuple[float, float, float, float]
) -> NDArray[np.bool_]:
    """Scales a part of a region (left, upper, right, lower) to a size (width, height)."""
    image = Image.fromarray(region.astype(np.uint8) * 255)
    return np.asarray(image.resize(size, Image.Resampling.BILINEAR, box)) >= _HALF


def _spans(region: NDArray[np.bool_], size: tuple[int, int]) -> list[tuple[int, int]]:
    """Finds the rows and the columns of larger pixels that hold the region, with a rim."""
    spans = []
    for axis, length in enumerate(size):
        places = np.flatnonzero(region.any(axis=1 - axis)) * length / region.shape[axis]
        spans.append((max(int(places[0]) - _RIM, 0), min(int(places[-1]) + _RIM + 1, length)))
    return spans
