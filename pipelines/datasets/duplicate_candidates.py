"""Candidates for near-duplicates: a picture whose signature is that of a window of another one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.datasets.duplicate_cells import Cells
from pipelines.datasets.duplicate_orientations import ORIENTATIONS, inverse, orient
from pipelines.datasets.duplicate_windows import windows

# The cut's own window lies between those of the grid: their mean, weighted by likeness, is nearer
# to it than any of them. The first number is how fast the weight falls, in parts of what the best
# one lacks; the second is for cuts that lack nothing.
_FALL, _LEAST_FALL = 0.25, 0.003
MOST_TURNS = 2  # orientations of a pair: a limb upside down may be more alike than as it is

Pairs = NDArray[np.int64]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Candidates:
    """Pairs of a picture and what may be a cut of it, or show the same scene.

    Attributes:
        rows: (picture, cut, orientation of the cut), int64 (n, 3).
        windows: what of the picture the cut may show (n, 4), float32: top, bottom, left and right,
            from 0 to 1.
        likeness: scalar product of the signatures of the window and the cut (n,), float32.
        upright: whether the whole pictures are alike as they are, too (n,), bool.
    """

    rows: Pairs
    windows: Floats
    likeness: Floats
    upright: NDArray[np.bool_]

    def __len__(self) -> int:
        """Counts the rows."""
        return len(self.rows)

    def __getitem__(self, places: NDArray | slice) -> Candidates:
        """Takes some of the rows."""
        return Candidates(*(table[places] for table in self._tables()))

    def _tables(self) -> tuple[NDArray, ...]:
        return self.rows, self.windows, self.likeness, self.upright

    @staticmethod
    def joined(parts: Sequence[Candidates], most: int) -> Candidates:
        """Puts candidates in one table, of each pair only ``most`` orientations.

        One orientation may have two rows, one way round and the other; the row stays that is more
        alike, and so do the orientations.
        """
        none = np.empty((0, 3), np.int64), np.empty((0, 4), np.float32)
        empty = Candidates(*none, np.empty(0, np.float32), np.empty(0, np.bool_))
        columns = zip(*(part._tables() for part in (empty, *parts)), strict=True)
        table = Candidates(*map(np.concatenate, columns))
        first, second, turn = table.rows.T
        low, high = np.minimum(first, second), np.maximum(first, second)
        turn = np.where(first < second, turn, inverse(turn))
        better = np.lexsort((first, -table.likeness, turn, high, low))
        better = better[_ranks(low[better], high[better], turn[better]) == 0]
        order = better[
            np.lexsort((turn[better], -table.likeness[better], high[better], low[better]))
        ]
        return table[order[_ranks(low[order], high[order]) < most]]


def _ranks(*keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """Counts the rows of sorted keys (n,) from 0 on in each group of equal ones."""
    places = np.arange(len(keys[0]))
    begins = np.any([np.diff(key, prepend=-1) != 0 for key in keys], axis=0)
    return places - np.maximum.accumulate(np.where(begins, places, 0))


def candidates(
    signatures: Floats,
    pictures: Sequence[int],
    cells: Cells,
    least: float,
    upright: float,
    most: int = MOST_TURNS,
) -> Candidates:
    """Proposes pairs with some pictures.

    Args:
        signatures: of the windows (n, windows, d) of some pictures, and
        pictures: their numbers.
        cells: the signatures of all pictures in all orientations.
        least: likeness of a window and a cut from which on the pair is proposed, and
        upright: that of two whole pictures as they are.
        most: orientations of a pair that are proposed, the most similar ones.
    """
    limits = np.full(signatures.shape[1], least, dtype=np.float32)
    limits[0] = min(least, upright)
    parts = []
    near = zip(pictures, signatures, cells.near(signatures, limits), strict=True)
    for picture, table, places in near:
        numbers = cells.numbers[places]
        if (numbers // ORIENTATIONS != picture).any():  # often it is like itself only
            likeness = table @ cells.table[places].T
            parts.append(_of_picture(picture, likeness, numbers, least, upright))
    return Candidates.joined(parts, most)


def _of_picture(
    picture: int, likeness: Floats, numbers: NDArray[np.int64], least: float, upright: float
) -> Candidates:
    """Proposes pairs with one picture, whose windows (windows, k) are like some signatures."""
    best = likeness.max(axis=0)
    cuts, orientations = np.divmod(numbers, ORIENTATIONS)
    whole = (likeness[0] >= upright) & (orientations == 0)
    hits = np.flatnonzero((best >= least) | whole)
    hits = hits[cuts[hits] != picture]
    fall = _FALL * np.maximum(1 - best[hits], 0) + _LEAST_FALL
    weights = np.exp((likeness[:, hits] - best[hits]) / fall)
    weights /= weights.sum(axis=0)
    rows = np.stack([np.full_like(hits, picture), cuts[hits], orientations[hits]], axis=1)
    alike = np.isin(rows[:, 1], cuts[whole])
    return Candidates(rows, weights.T @ windows(), best[hits], alike)


def turned(pictures: NDArray, rows: Pairs) -> Floats:
    """Gives the cuts (n, side, side) of rows in their orientations, float32."""
    turned = np.empty((len(rows), *pictures.shape[1:]), dtype=np.float32)
    for orientation in range(ORIENTATIONS):
        chosen = rows[:, 2] == orientation
        turned[chosen] = orient(pictures[rows[chosen, 1]], orientation)
    return turned
