"""Burnt-in letters and numbers: places with many sharp pixels that are no measurement crosses."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipelines.datasets.audit.caliper import Cross

_WINDOW = (7, 11)  # pixels down and across that hold a letter or two
_LETTERS = 12  # sharp pixels in such a window: more than along the edge of a sector
_NUMBER = 7  # the same beside a measurement cross, where a single number stands
_BESIDE = 14  # pixels from a cross's middle to its number's at most
_ARM = 5  # pixels from a cross's middle to the end of what its arms make sharp
_STROKE = 2  # pixels from the middle of a line to the end of what it makes sharp


def has_text(
    sharp: NDArray[np.bool_], crosses: Sequence[Cross], ignored: NDArray[np.bool_] | None = None
) -> bool:
    """Tells whether letters or numbers stand in a picture.

    Args:
        sharp: the picture's sharp pixels (h, w).
        crosses: its measurement crosses. They are no text, nor are the dotted lines between them.
        ignored: where nothing is looked for (h, w).
    """
    sharp = sharp.copy()
    for cross in crosses:
        _wipe_cross(sharp, cross)
    for number, cross in enumerate(crosses):
        for other in crosses[:number]:
            _wipe_line(sharp, cross, other)
    if ignored is not None:
        sharp &= ~ignored
    counts = _window_sums(sharp)
    if (counts >= _LETTERS).any():
        return True
    return any((_around(counts, cross) >= _NUMBER).any() for cross in crosses)


def _wipe_cross(sharp: NDArray[np.bool_], cross: Cross) -> None:
    """Clears what the arms of a cross made sharp."""
    for down, across in ((_ARM, _STROKE), (1, _ARM)):
        sharp[_span(cross.row, down), _span(cross.column, across)] = False


def _wipe_line(sharp: NDArray[np.bool_], one: Cross, other: Cross) -> None:
    """Clears what a line of dots between two crosses made sharp."""
    steps = max(abs(one.row - other.row), abs(one.column - other.column)) + 1
    rows = np.linspace(one.row, other.row, steps).round().astype(np.int64)
    columns = np.linspace(one.column, other.column, steps).round().astype(np.int64)
    for down in (-1, 0, 1):
        for across in range(-_STROKE, _STROKE + 1):
            sharp[
                (rows + down).clip(0, sharp.shape[0] - 1),
                (columns + across).clip(0, sharp.shape[1] - 1),
            ] = False


def _span(middle: int, reach: int) -> slice:
    return slice(max(middle - reach, 0), middle + reach + 1)


def _window_sums(sharp: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Counts the sharp pixels in the window around each pixel (h, w)."""
    counts: NDArray[np.uint8] = sharp.view(np.uint8)
    for size in _WINDOW:  # down the rows, then across them
        wide = np.pad(counts, ((size // 2, size // 2), (0, 0)))
        shifted = [wide[offset : offset + len(counts)] for offset in range(size)]
        counts = functools.reduce(np.add, shifted).T
    return counts


def _around(counts: NDArray[np.uint8], cross: Cross) -> NDArray[np.uint8]:
    """Gives the counts close to a cross."""
    return counts[_span(cross.row, _BESIDE), _span(cross.column, _BESIDE)]
