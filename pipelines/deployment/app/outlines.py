"""The outer border of a region along the sides of its pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_fill_holes
from skimage.measure import approximate_polygon

MOST_POINTS = 2000
"""Points of an outline; one of more is drawn more coarsely."""

_Corner = tuple[int, int]  # row and column of a pixel's corner


def outer_border(region: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Traces the outer border of a region; holes belong to its inside.

    Args:
        region: bool, (height, width); pixels that touch, also at corners.

    Returns:
        A closed line, (points, 2): column and row, where (0, 0) is the upper left corner.

    Examples:
        >>> outer_border(np.ones((1, 2), dtype=bool)).tolist()
        [[0.0, 0.0], [2.0, 0.0], [2.0, 1.0], [0.0, 1.0], [0.0, 0.0]]
    """
    sides = _sides(np.asarray(binary_fill_holes(region)))
    start = min(sides)
    line, point, step = [start], start, (0, 1)
    while sides:
        ends = sides[point]
        # Where pixels touch at a corner only, the turn to the left goes on to the other one.
        left = (point[0] - step[1], point[1] + step[0])
        end = ends.pop(ends.index(left) if left in ends else 0)
        if not ends:
            del sides[point]
        if (end[0] - point[0], end[1] - point[1]) == step and len(line) > 1:
            line.pop()
        step, point = (end[0] - point[0], end[1] - point[1]), end
        line.append(end)
    return _coarse(np.array(line, dtype=float))[:, ::-1]


def _sides(region: NDArray[np.bool_]) -> dict[_Corner, list[_Corner]]:
    """Gives the sides of pixels at a region's border: from corner to corners, clockwise."""
    padded = np.pad(region, 1)
    inner = padded[1:-1, 1:-1]
    sides: dict[_Corner, list[_Corner]] = {}
    for beyond, start, end in (
        (padded[:-2, 1:-1], (0, 0), (0, 1)),
        (padded[1:-1, 2:], (0, 1), (1, 1)),
        (padded[2:, 1:-1], (1, 1), (1, 0)),
        (padded[1:-1, :-2], (1, 0), (0, 0)),
    ):
        for row, column in np.argwhere(inner & ~beyond).tolist():
            corner = (row + start[0], column + start[1])
            sides.setdefault(corner, []).append((row + end[0], column + end[1]))
    return sides


def _coarse(line: NDArray[np.float64]) -> NDArray[np.float64]:
    tolerance = 0.5  # pixels
    while len(line) > MOST_POINTS:
        line, tolerance = approximate_polygon(line, tolerance), 2 * tolerance
    return line
