"""How the array of a NIfTI file lies in space, how it stands as a picture, and the way back.

The one rule of conversion, training and prediction: a picture stands as radiologists look at it, by
the nearest anatomical directions of the file's transform. Superior is up, else anterior; the
patient's right is left, else anterior. Without a transform the array is transposed, no more: its
first axis runs to the right and its second one down, as where x runs to the patient's left and y to
the back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Directions = tuple[tuple[int, int], ...]
"""For each stored axis the one of right, anterior, superior (0, 1, 2) that it runs along most, and
1 or -1 for its direction."""

_AS_A_PICTURE: Directions = ((0, -1), (1, -1))
_TURNED_BY_HALF: Directions = ((0, 1), (1, 1))
_LETTERS = ("LR", "PA", "IS")  # of each direction, backwards and forwards


def directions(header: Any) -> Directions | None:
    """Gives how the three axes of an array lie in space: by the sform, else by the qform.

    A third axis that the transform leaves without a length or a direction gets the one that is
    left: the other two say how its slices stand.

    Args:
        header: a ``nibabel`` header of NIfTI-1 or NIfTI-2.

    Returns:
        Three directions; nothing where the file states no transform (both codes 0), or one that
        means nothing.

    Raises:
        ValueError, nibabel.spatialimages.HeaderDataError: the header is damaged.
    """
    if not int(header["sform_code"]) and not int(header["qform_code"]):
        return None
    affine = header.get_best_affine()
    if not np.isfinite(affine).all():
        return None
    from nibabel.orientations import io_orientation  # here: most pictures need none of it

    found = io_orientation(affine)
    if np.isnan(found[:2]).any():
        return None
    (first, way), (second, other) = ((int(axis), int(way)) for axis, way in found[:2])
    return (first, way), (second, other), (3 - first - second, -1 if found[2, 1] == -1 else 1)


def letters(found: Directions | None) -> str:
    """Names directions.

    Examples:
        >>> letters(((0, 1), (1, 1), (2, -1))), letters(None)
        ('RAI', 'no transform')
    """
    if found is None:
        return "no transform"
    return "".join(_LETTERS[axis][way > 0] for axis, way in found)


def picture_axes(shape: Sequence[int]) -> tuple[int, int] | None:
    """Gives the two axes of the one picture that an array holds; nothing where there are several.

    Axes of one voxel at the end do not count. Of the three axes of a volume, the only one of one
    voxel is left out.

    Examples:
        >>> picture_axes((4, 6, 1)), picture_axes((4, 1, 6)), picture_axes((4, 6, 5))
        ((0, 1), (0, 2), None)
    """
    count = len(shape)
    while count > 2 and shape[count - 1] == 1:
        count -= 1
    if count == 2:
        return 0, 1
    thick = [axis for axis in range(count) if shape[axis] != 1]
    return (thick[0], thick[1]) if (count, len(thick)) == (3, 2) else None


def upright(
    plane: NDArray[Any], found: Directions | None, axes: tuple[int, int] = (0, 1)
) -> NDArray[Any]:
    """Turns a plane of an array to the picture that it shows.

    Args:
        plane: (first axis, second axis), as stored.
        found: the directions of all axes of the array.
        axes: which of them are those of the plane, in order.

    Returns:
        (height, width), a view.
    """
    turned = _flipped(plane, found, axes)
    return turned.T if _runs_across(found, axes) else turned


def as_stored(
    picture: NDArray[Any], found: Directions | None, axes: tuple[int, int] = (0, 1)
) -> NDArray[Any]:
    """Turns a picture back to the plane of the array that it came from; undoes ``upright``.

    Args:
        picture: (height, width).
        found: as of ``upright``.
        axes: as of ``upright``.

    Returns:
        (first axis, second axis), a view.
    """
    return _flipped(picture.T if _runs_across(found, axes) else picture, found, axes)


def is_turned_by_half(found: Directions | None, axes: tuple[int, int] = (0, 1)) -> bool:
    """Tells whether x runs to the right and y to the front, so that the array is turned by half."""
    return _facing(found, axes) == _TURNED_BY_HALF


def turned_by_half_text(count: int, first: str) -> str:
    """Says which 2-D images are turned by half: programs write such a transform unasked.

    Args:
        count: how many there are.
        first: one of them.
    """
    return (
        "turned by half, because their transform says that x runs to the right and y to the front: "
        f'{count} 2-D files, such as "{first}"; if they were saved as pictures (numpy.eye(4)), '
        "save them with numpy.diag([-1, -1, 1, 1])"
    )


def stand_alike(found: Directions | None, other: Directions | None) -> bool:
    """Tells whether two 2-D images stand alike, one of them perhaps without a transform."""
    return _facing(found, (0, 1)) == _facing(other, (0, 1))


def _facing(found: Directions | None, axes: tuple[int, int]) -> Directions:
    return _AS_A_PICTURE if found is None else (found[axes[0]], found[axes[1]])


def _runs_across(found: Directions | None, axes: tuple[int, int]) -> bool:
    """Tells whether the first axis runs across the picture, the second one down or up."""
    first, second = _facing(found, axes)
    return first[0] < second[0]


def _flipped(plane: NDArray[Any], found: Directions | None, axes: tuple[int, int]) -> NDArray[Any]:
    """Reverses axes that run to the right, to the front or up: pictures run to the other sides."""
    ways = (way for _, way in _facing(found, axes))
    return np.flip(plane, tuple(axis for axis, way in enumerate(ways) if way > 0))
