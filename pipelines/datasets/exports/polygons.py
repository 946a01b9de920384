"""Masks as polygons: one for each connected piece, its holes filled."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage import measure

TOLERANCE = 0.4  # how far a corner may move when an outline is made simpler, pixels


class Outlines(NamedTuple):
    """The polygons of a mask.

    Attributes:
        polygons: of each, the class index and its corners (x, y) in [0, 1], (n, 2), n at least 3.
        holes: how many holes were filled, because a polygon cannot have any.
    """

    polygons: list[tuple[int, NDArray[np.float64]]]
    holes: int


def outlines(indices: NDArray[np.uint8]) -> Outlines:
    """Draws the outline of every piece of every class but the background.

    Args:
        indices: class indices, (height, width); 0 is background.

    Returns:
        The polygons, class by class, pieces from top to bottom; pixels that touch at a corner only
        are two pieces.
    """
    polygons, holes = [], 0
    for index in np.unique(indices[indices > 0]).tolist():
        pieces, _ = ndimage.label(indices == index)
        for number, box in enumerate(ndimage.find_objects(pieces), start=1):
            piece = pieces[box] == number
            filled = ndimage.binary_fill_holes(piece)
            holes += int(ndimage.label(filled & ~piece)[1])
            corner = (box[0].start, box[1].start)
            polygons.append((index, _corners(filled, corner, indices.shape)))
    return Outlines(polygons, holes)


def _corners(
    piece: NDArray[np.bool_], corner: tuple[int, int], shape: tuple[int, ...]
) -> NDArray[np.float64]:
    """Follows the outline of one piece without holes, between pixels in and out.

    Args:
        piece: cut out of the picture, (h, w).
        corner: row and column of its upper left corner in the picture.
        shape: (height, width) of the picture.
    """
    level = np.pad(piece, 1).astype(float)
    line = max(measure.find_contours(level, 0.5), key=len)
    simple = measure.approximate_polygon(line, TOLERANCE)
    line = simple if len(simple) > 3 else line  # the first corner is also the last
    places = line[:-1] - 1 + corner + 0.5  # the padding; a pixel's middle lies half a pixel in
    return np.clip(places[:, ::-1] / (shape[1], shape[0]), 0.0, 1.0)
