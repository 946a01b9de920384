"""Measurement crosses: small + and x signs of thin strokes, two or more of them.

A scanner's resolution across its beams is poor, so tissue has hardly any thin upright strokes, and
none with a thin lying stroke across its middle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_BESIDE = 2  # pixels from a stroke's middle to where the picture goes on
_SHORT, _LONG = 2, 3  # pixels from a cross's middle to the end of an arm
_MARGIN = _LONG + _BESIDE
_ENOUGH = 80  # contrast above which more says nothing
_CANDIDATE = 20  # contrast that each arm has at once
_LIKELY = 40  # mean contrast of the weakest arm of a cross that counts beside another
_SURE = 25  # the same as far as a long arm reaches; one cross at least must have it
_CLEAN = 10  # by how much the picture between the arms is darker than they are
_APART = 4  # pixels between the middles of two crosses, and
_MEASURED = 10  # of two that measure something: the strokes of letters are closer
_ALIKE = 70  # grey levels between two crosses of one measurement at most
_FEWEST = 4  # sharp pixels of a cross: of noise, which makes any shape, no pixels are sharp
_LINE = (4, 22)  # pixels from a cross's middle to the end of what may be its line of text
_OWN = 5  # pixels from a cross's middle to the end of its own strokes
_STROKE = 3  # sharp pixels of a column where an upright stroke of a letter stands
_LETTERS = 4  # such columns from which a cross is part of a text; a number beside it has fewer
_MOST = 24  # crosses of one picture; more of them are a pattern, and would take long


class Cross(NamedTuple):
    """A cross in a picture.

    Attributes:
        row: of its middle.
        column: of its middle.
        short: mean contrast of the weakest arm close to the middle, 0..80.
        long: the same to three pixels from the middle, 0..80.
        level: mean grey value of its arms, 0..255.
        slanted: whether it is an x, not a +.
    """

    row: int
    column: int
    short: float
    long: float
    level: float
    slanted: bool


@dataclass(frozen=True)
class _Kind:
    """A kind of cross.

    Attributes:
        arms: steps down and to the right along each arm (4, 2).
        between: the same for what lies between them.
        stroke: which strokes the arms are: 0 upright, 1 lying, 2 slanted (4).
    """

    arms: NDArray[np.int64]
    between: NDArray[np.int64]
    stroke: NDArray[np.int64]


_STRAIGHT = np.array([(-1, 0), (1, 0), (0, -1), (0, 1)])
_SLANTED = np.array([(-1, -1), (-1, 1), (1, -1), (1, 1)])
_KINDS = (
    _Kind(_STRAIGHT, _SLANTED, np.array([0, 0, 1, 1])),
    _Kind(_SLANTED, _STRAIGHT, np.array([2, 2, 2, 2])),
)


def crosses(picture: NDArray[np.int16], sharp: NDArray[np.bool_]) -> list[Cross]:
    """Finds all that looks like a measurement cross, is sharp, and stands in no line of text.

    Args:
        picture: grey values (h, w), 0..255.
        sharp: its sharp pixels (h, w).

    Returns:
        The clearest crosses, at most 24, no two of them closer than four pixels.
    """
    wide = np.pad(picture, _MARGIN, mode="edge")
    strokes = _strokes(wide)
    found = [cross for kind in _KINDS for cross in _of_kind(wide, strokes, kind)]
    apart: list[Cross] = []
    for cross in sorted(found, key=lambda cross: -cross.short - cross.long):
        near = any(_distance(cross, other) < _APART for other in apart)
        if not near and _is_sharp(cross, sharp) and not _in_text(cross, sharp):
            apart.append(cross)
        if len(apart) == _MOST:
            break
    return apart


def are_calipers(found: Sequence[Cross]) -> bool:
    """Tells whether crosses are those of a measurement: a sure one, and another like it."""
    likely = [cross for cross in found if cross.short >= _LIKELY]
    return any(
        sure.slanted == other.slanted
        and abs(sure.level - other.level) <= _ALIKE
        and _distance(sure, other) >= _MEASURED
        for sure in likely
        if sure.long >= _SURE
        for other in likely
    )


def _distance(one: Cross, other: Cross) -> int:
    """Gives how many pixels lie between two crosses, along the rows or along the columns."""
    return max(abs(one.row - other.row), abs(one.column - other.column))


def _is_sharp(cross: Cross, sharp: NDArray[np.bool_]) -> bool:
    """Tells whether a cross has the sharp pixels of a drawn one."""
    rows = slice(max(cross.row - _LONG, 0), cross.row + _LONG + 1)
    columns = slice(max(cross.column - _LONG, 0), cross.column + _LONG + 1)
    return bool(np.count_nonzero(sharp[rows, columns]) >= _FEWEST)


def _in_text(cross: Cross, sharp: NDArray[np.bool_]) -> bool:
    """Tells whether the strokes of letters stand to the left and the right of a cross."""
    down, across = _LINE
    line = sharp[max(cross.row - down, 0) : cross.row + down + 1]
    strokes = np.count_nonzero(line, axis=0) >= _STROKE
    strokes[max(cross.column - _OWN, 0) : cross.column + _OWN + 1] = False
    near = strokes[max(cross.column - across, 0) : cross.column + across + 1]
    return bool(np.count_nonzero(near) >= _LETTERS)


def _strokes(wide: NDArray[np.int16]) -> NDArray[np.int16]:
    """Tells by how much each pixel outshines what lies beside an upright, lying or slanted stroke.

    Args:
        wide: the picture with its margin (H, W).

    Returns:
        The contrasts (3, H, W), 0 in the outermost two rows and columns.
    """
    strokes = np.zeros((3, *wide.shape), dtype=np.int16)
    inner = slice(_BESIDE, -_BESIDE)
    for axis, image in enumerate((wide, wide.T)):
        sides = np.maximum(image[inner, : -2 * _BESIDE], image[inner, 2 * _BESIDE :])
        target = strokes[axis] if axis == 0 else strokes[axis].T
        target[inner, inner] = image[inner, inner] - sides
    np.minimum(strokes[0], strokes[1], out=strokes[2])
    return strokes


def _of_kind(wide: NDArray[np.int16], strokes: NDArray[np.int16], kind: _Kind) -> list[Cross]:
    """Finds the crosses of one kind."""
    rows, columns = _candidates(strokes, kind)
    short, level = _clarity(wide, strokes, kind, (rows, columns), _SHORT)
    long, _ = _clarity(wide, strokes, kind, (rows, columns), _LONG)
    slanted = kind.arms is _SLANTED
    found = zip(rows - _MARGIN, columns - _MARGIN, short, long, level, strict=True)
    return [
        Cross(int(row), int(column), float(near), float(far), float(grey), slanted)
        for row, column, near, far, grey in found
        if near > 0
    ]


def _candidates(
    strokes: NDArray[np.int16], kind: _Kind
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Gives the rows and columns of the pixels that have the beginning of each arm."""
    height, width = (size - 2 * _MARGIN for size in strokes.shape[1:])
    each = np.ones((height, width), dtype=np.bool_)
    for stroke, (down, right) in zip(kind.stroke, kind.arms * _SHORT + _MARGIN, strict=True):
        each &= strokes[stroke, down : down + height, right : right + width] > _CANDIDATE
    rows, columns = np.nonzero(each)
    return rows + _MARGIN, columns + _MARGIN


def _clarity(
    wide: NDArray[np.int16],
    strokes: NDArray[np.int16],
    kind: _Kind,
    middles: tuple[NDArray[np.int64], NDArray[np.int64]],
    length: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Measures how clear crosses are whose arms have one length.

    Args:
        wide: the picture with its margin (H, W).
        strokes: contrasts (3, H, W).
        kind: the kind of cross.
        middles: rows and columns (n,) of their middles.
        length: from the middle to the end of an arm, pixels.

    Returns:
        The mean contrast of the weakest arm (n,), 0 where the picture between the arms is bright
        too, and the mean grey value of the arms (n,).
    """
    steps = np.arange(_SHORT, length + 1)
    arms, between = (
        tuple(
            middle[:, None, None] + part[:, axis, None] * steps
            for axis, middle in enumerate(middles)
        )
        for part in (kind.arms, kind.between)
    )
    contrast = np.minimum(strokes[kind.stroke[:, None], *arms], _ENOUGH).mean(axis=2).min(axis=1)
    level = wide[arms].mean(axis=(1, 2))
    brightest = np.sort(wide[between].max(axis=2), axis=1)
    # A number or a dotted line may fill one of the four gaps.
    clean = level - brightest[:, -2] > _CLEAN
    return np.where(clean, np.maximum(contrast, 0), 0), level
