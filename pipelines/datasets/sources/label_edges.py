"""What is no mask of classes, told from its pixels: soft edges, and pictures of many greys."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_LISTED = 12
"""More values than this are no classes that somebody would name one by one."""

_LEAST = 3  # values along edges alone; fewer may be thin structures
_SHOWN = 4  # values that a message lists before it only counts them


def edge_values(values: NDArray[Any]) -> list[int]:
    """Lists the values of a mask that stand nowhere but along edges.

    Args:
        values: whole numbers (height, width).

    Returns:
        The values, ascending, of which no pixel has the same value on all four sides. The border
        of the picture counts as more of the same.

    Examples:
        >>> edge_values(np.repeat([[0, 0, 90, 255, 255]], 5, axis=0))
        [90]
    """
    framed = np.pad(values, 1, mode="edge")
    inside = np.ones(values.shape, dtype=bool)
    for neighbour in (framed[:-2, 1:-1], framed[2:, 1:-1], framed[1:-1, :-2], framed[1:-1, 2:]):
        inside &= neighbour == values
    return np.setdiff1d(values, values[inside]).tolist()


def unlike_classes(values: NDArray[Any], classes: int) -> str:
    """Says why values are no classes, and what to do.

    Args:
        values: whole numbers (height, width).
        classes: the number of classes that are expected; a threshold can tell two apart.

    Returns:
        The end of a sentence that names the mask; nothing where the values may well be classes.
    """
    found = np.unique(values).tolist()
    along = edge_values(values)
    soft = len(found) > len(along) >= _LEAST and 2 * len(along) > len(found)
    if not soft and len(found) <= max(MOST_LISTED, 2 * classes):
        return ""
    other = ", or tell white from black by --threshold 128" if classes == 2 else ""
    listed = f"{len(found)} grey values ({_listed(found)})"
    if soft and 2 * np.isin(values, along).sum() < values.size:
        return (
            f"has soft edges: {listed}, most of them along edges alone, as a resize with smoothing "
            f"leaves them. Export it again with nearest-neighbour interpolation{other}"
        )
    return (
        f"holds {listed} all over, as a picture, a map of probabilities or a mask enlarged with "
        "smoothing does; expected one value for each class. Take the right file, or export it "
        f"again with nearest-neighbour interpolation{other}"
    )


def other_size(size: tuple[int, int], image: tuple[int, int]) -> str:
    """Says that a mask has another size than its image: a sentence, or nothing where it has not.

    Args:
        size: of the mask (width, height), pixels.
        image: of its image.
    """
    if size == image:
        return ""
    (width, height), (image_width, image_height) = size, image
    return (
        f". It is also {width} x {height} pixels, its image {image_width} x {image_height}: export "
        "both at one size"
    )


def _listed(found: list[int]) -> str:
    """Lists the first values and the last."""
    rest = f", … {found[-1]}" if len(found) > _SHOWN else ""
    return ", ".join(map(str, found[:_SHOWN])) + rest
