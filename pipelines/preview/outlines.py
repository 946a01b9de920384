"""Masks outlined on a tile, in the tile's own pixels: no lesion is too small to be seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.path import Path
from matplotlib.transforms import IdentityTransform, TransformedPath
from numpy.typing import NDArray

from pipelines.contours import outline
from pipelines.preview.colours import Colour, rim_of

SMALLEST = 6.0
"""Pixels of the tile: a part of a mask that would be smaller is drawn as large as that."""

_RIM = 0.6  # opacity

Line = NDArray[np.float64]
"""A closed line of (row, column), (points, 2); whole numbers are centres of pixels."""


class Pen(NamedTuple):
    """How outlines are drawn.

    Attributes:
        width: of a line, pixels of the tile.
        rim: width of the dark or light rim beside it.
        inside: whether lines lie inside their region, so that those of two classes that touch
            lie side by side; else they run along the border.
    """

    width: float
    rim: float
    inside: bool


class Border(NamedTuple):
    """The outline of one class on a tile.

    Attributes:
        lines: those that lie where the border is.
        spots: those around parts that were enlarged to be seen.
    """

    lines: list[Line]
    spots: list[Line]


def pen_of(size: int, classes: int) -> Pen:
    """Gives the pen for a tile.

    Args:
        size: its longer side, pixels.
        classes: how many classes are outlined; of several, the lines lie inside their regions.
    """
    width = max(1.7, size / 140)
    return Pen(width, max(1.0, width / 2), classes > 1)


def outlined(
    picture: NDArray[np.uint8], mask: NDArray[Any], colours: Mapping[int, Colour], pen: Pen
) -> NDArray[np.uint8]:
    """Draws the outline of every class of a mask.

    Args:
        picture: a tile, (h, w, 3).
        mask: class indices (H, W) of the same view, in any resolution.
        colours: class index to colour; what has none is not outlined.
        pen: how the lines are drawn.

    Returns:
        A new picture (h, w, 3).
    """
    values = picture.astype(np.float64)
    shape = (picture.shape[0], picture.shape[1])
    borders = {index: border(mask == index, shape) for index in colours if (mask == index).any()}
    # Every rim first: none may cover a line.
    for index, traced in borders.items():
        _paint(values, rim_of(colours[index]), _RIM * _covered(traced, shape, pen, pen.rim))
    for index, traced in borders.items():
        _paint(values, colours[index], _covered(traced, shape, pen))
    return np.rint(values).astype(np.uint8)


def border(region: NDArray[np.bool_], shape: tuple[int, int]) -> Border:
    """Traces a region and moves its border to the pixels of a tile.

    Args:
        region: bool, (H, W).
        shape: (h, w) of the tile that shows all of it.

    Returns:
        Closed lines in pixels of the tile. A part smaller than ``SMALLEST`` is enlarged about its
        centre; a hole is not.
    """
    scale = np.asarray(shape) / np.asarray(region.shape)
    traced = Border([], [])
    for line in outline(region):
        moved = (line + 0.5) * scale - 0.5
        extent = float(np.ptp(moved, axis=0).max())
        if extent >= SMALLEST or _is_hole(moved):
            traced.lines.append(moved)
        else:
            centre = (moved.min(axis=0) + moved.max(axis=0)) / 2
            traced.spots.append(centre + (moved - centre) * (SMALLEST / extent))
    return traced


def _is_hole(line: Line) -> bool:
    """Tells whether a line runs around a hole: by the sign of the area that it encloses."""
    row, column = line.T
    return bool(np.sum(row[:-1] * column[1:] - row[1:] * column[:-1]) > 0)


def _covered(
    border: Border, shape: tuple[int, int], pen: Pen, rim: float = 0
) -> NDArray[np.float64]:
    """Gives the share of every pixel of a tile that an outline covers.

    Args:
        border: the outline.
        shape: (h, w) of the tile.
        pen: how it is drawn.
        rim: by how much it is wider on either side.

    Returns:
        (h, w), 0 to 1: the exact area, from matplotlib's Agg.
    """
    renderer = RendererAgg(shape[1], shape[0], dpi=72)  # a point is a pixel
    brush = renderer.new_gc()
    brush.set_foreground((1, 1, 1, 1), isRGBA=True)
    brush.set_joinstyle("round")
    brush.set_snap(False)
    brush.set_linewidth(pen.width + 2 * rim)
    if border.spots:
        renderer.draw_path(brush, _path(border.spots, shape[0]), IdentityTransform())
    if border.lines:
        path = _path(border.lines, shape[0])
        if pen.inside:  # the half outside is cut off
            brush.set_clip_path(TransformedPath(path, IdentityTransform()))
            brush.set_linewidth(2 * (pen.width + rim))
        renderer.draw_path(brush, path, IdentityTransform())
    return np.asarray(renderer.buffer_rgba(), dtype=np.float64)[..., 3] / 255


def _path(lines: list[Line], height: int) -> Path:
    """Joins closed lines to one path, whose holes stay open; its y runs upwards from the foot."""
    corners = ([column + 0.5, height - (row + 0.5)] for row, column in (line.T for line in lines))
    path = Path.make_compound_path(*(Path(np.stack(each, 1), closed=True) for each in corners))
    path.should_simplify = False  # what a user's matplotlibrc says must change nothing
    return path


def _paint(values: NDArray[np.float64], colour: Colour, share: NDArray[np.float64]) -> None:
    """Lays a colour over a picture (h, w, 3), as opaque as ``share`` (h, w) says."""
    values += share[..., None] * (np.asarray(colour, dtype=np.float64) - values)
