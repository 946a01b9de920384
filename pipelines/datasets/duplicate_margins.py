"""Even margins of small copies: black strips beside a scan, white paper, what was not scanned.

The straight edge of a margin is strong, and strangers of one scanner have it at the same place: it
would make them alike in brightness and in detail, though they share nothing that was seen.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_EVEN = 4  # grey levels between the darkest and the brightest pixel of a margin
_KEPT = 8  # pixels between two margins: of fewer, nothing could be compared

Floats = NDArray[np.float32]
Places = NDArray[np.int64]


def without_margins(first: Floats, second: Floats) -> tuple[Floats, Floats]:
    """Draws what lies beside the margins of two pictures over them, so that no edge is left.

    Args:
        first: small copies (n, side, side), float32, and
        second: those with which they are compared. A margin that only one of two has stays.

    Returns:
        The same shapes: each row and column of a margin repeats the first one inside it. One more
        is repeated, because the pixels along the edge hold a part of the margin. Two pictures of
        which a few rows or columns only would be left stay as they are.
    """
    rows, columns = (_inside(first, second, axis) for axis in (1, 2))
    if not (np.diff(rows) == 0).any() and not (np.diff(columns) == 0).any():  # mostly
        return first, second
    places = np.arange(len(first))[:, None, None], rows[:, :, None], columns[:, None, :]
    return first[places], second[places]


def _inside(first: Floats, second: Floats, axis: int) -> Places:
    """Gives the row or column to show at each place (n, side): those inside both margins."""
    side = first.shape[axis]
    margins = [_margins(pictures, axis) for pictures in (first, second)]
    start, end = (
        np.where(np.minimum(one, other) > 0, np.maximum(one, other) + 1, 0)
        for one, other in zip(*margins, strict=True)
    )
    left = start + end <= side - _KEPT
    start, end = start * left, end * left
    return np.clip(np.arange(side), start[:, None], side - 1 - end[:, None])


def _margins(pictures: Floats, axis: int) -> tuple[Places, Places]:
    """Counts the rows or columns of the margins before and behind what is shown, (n,) each."""
    low, high = pictures.min(axis=3 - axis), pictures.max(axis=3 - axis)
    return _margin(low, high), _margin(low[:, ::-1], high[:, ::-1])


def _margin(low: Floats, high: Floats) -> Places:
    """Counts the lines (n,) from the first one on that together are even; their range is given."""
    spread = np.maximum.accumulate(high, axis=1) - np.minimum.accumulate(low, axis=1)
    return np.asarray((spread <= _EVEN).sum(axis=1))
