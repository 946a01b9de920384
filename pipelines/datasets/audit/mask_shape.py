"""What the pixels of a mask tell: values, parts, edges."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipelines.datasets.audit.measured import MaskMeasured

LEAST_LESION = 16
"""Pixels: a smaller part of a mask is a speck."""

_SPECK = 0.01  # of the largest part of the mask: what is smaller is a speck, too
_KEPT = 100  # values and parts that are reported
_FEWEST = 3  # values between those of the classes that make an edge soft
_VALUES = 12  # of a mask that may be classes: more are soft edges
_WIDE = 17  # pixels, 8 to each side: how far a resize or a block of JPEG blurs an edge
_NEAR = 5  # pixels, 2 to each side: how far the classes on both sides of a line are
_OFF = 0.1  # share of the pixels of an edge or a line that may lie elsewhere
_LEAST_SEAM = 20  # pixels
_SQUARE = np.ones((3, 3), dtype=bool)


def measure_mask(values: NDArray[Any], classes: int, changed: bool = False) -> MaskMeasured:
    """Measures a mask.

    Args:
        values: (height, width), whole numbers.
        classes: how many labels there are; they should be 0 to ``classes`` - 1.
        changed: whether the file is another than dataset.json says.

    Returns:
        What the mask tells. Values that are no class count as something other than background.
    """
    counts = np.bincount(values.ravel(), minlength=classes)
    stray = [int(value) for value in np.flatnonzero(counts[classes:]) + classes]
    soft = _is_soft(values, counts, classes)
    sizes = _parts(values)
    least = max(LEAST_LESION, _SPECK * max(sizes, default=0))
    lesions = [size for size in sizes if size >= least]
    border = np.concatenate([values[0], values[-1], values[1:-1, 0], values[1:-1, -1]])
    corners = values[[0, 0, -1, -1], [0, -1, 0, -1]]
    return MaskMeasured(
        changed=changed,
        width=values.shape[1],
        height=values.shape[0],
        digest=digest(values),
        counts=tuple(counts[:classes].tolist()),
        stray=tuple((value, int(counts[value])) for value in stray[:_KEPT]),
        strays=len(stray),
        soft=soft,
        seams=() if soft else _seams(values, counts, classes),
        lesions=tuple(lesions[:_KEPT]),
        parts=len(lesions),
        specks=len(sizes) - len(lesions),
        dots=sum(size < LEAST_LESION for size in sizes),
        touches=int(np.count_nonzero(border)),
        corners=bool(corners.all()),
    )


def digest(values: NDArray[Any]) -> str:
    """Hashes pixels; files that hold the same pixels have the same hash."""
    shape = "x".join(map(str, values.shape))
    start = f"{shape} {values.dtype.itemsize} ".encode()
    return hashlib.sha256(start + np.ascontiguousarray(values).tobytes()).hexdigest()


def regions(values: NDArray[Any]) -> list[NDArray[np.bool_]]:
    """Gives the region of each value but 0.

    Args:
        values: a mask (height, width), whole numbers.

    Returns:
        The regions, each (height, width), in the order of the values. Of a mask of too many values,
        which are soft edges and no classes, only the brighter half, as one region.
    """
    if not values.any():
        return []
    used = np.flatnonzero(np.bincount(values.ravel()))
    marked = used[used > 0]
    if len(marked) > _VALUES:
        return [values > used[-1] // 2]
    return [values == value for value in marked]


def _parts(values: NDArray[Any]) -> list[int]:
    """Gives the sizes of the connected parts of all classes but the first, the largest first."""
    sizes: list[int] = []
    for region in regions(values):
        labels, _ = ndimage.label(region, structure=_SQUARE)
        sizes += np.bincount(labels.ravel())[1:].tolist()
    return sorted(sizes, reverse=True)


def _is_soft(values: NDArray[Any], counts: NDArray[np.int64], classes: int) -> bool:
    """Tells whether values in between, which are no classes, lie only along the edges."""
    used = np.flatnonzero(counts)
    # Where masks are stored as 0 and 255, every value in between is a soft one.
    between = used[(used > 0) & (used < used[-1])]
    steps = between if len(between) > classes else between[between >= classes]
    if used[-1] < classes or len(steps) < _FEWEST:
        return False
    inside = (values > used[-1] // 2).astype(np.uint8)
    edge = ndimage.maximum_filter(inside, _WIDE) != ndimage.minimum_filter(inside, _WIDE)
    soft = np.isin(values, steps)
    return bool(edge[soft].mean() >= 1 - _OFF)


def _seams(values: NDArray[Any], counts: NDArray[np.int64], classes: int) -> tuple[int, ...]:
    """Finds classes that are only a line between a lower and a higher class."""
    used = [int(value) for value in np.flatnonzero(counts) if value < classes]
    return tuple(
        value
        for value in used[1:-1]
        if counts[value] >= _LEAST_SEAM and _is_seam(values, value, max(counts.tolist()))
    )


def _is_seam(values: NDArray[Any], value: int, most: int) -> bool:
    """Tells whether a class is thin, and lies between a lower and a higher one everywhere."""
    region = values == value
    inside = ndimage.binary_erosion(region, _SQUARE)
    if 4 * region.sum() > most or inside.sum() > _OFF * region.sum():
        return False
    lower = ndimage.minimum_filter(values, _NEAR)[region] < value
    higher = ndimage.maximum_filter(values, _NEAR)[region] > value
    return bool((lower & higher).mean() >= 1 - _OFF)
