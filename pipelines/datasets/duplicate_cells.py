"""Cells of similar signatures: a window is compared with those of a few cells, not with all.

An inverted file (Sivic and Zisserman 2003, doi:10.1109/ICCV.2003.1238663).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.datasets.duplicate_orientations import ORIENTATIONS

EXACT = 400  # pictures: no more are compared all with all
_SPREAD = 10  # cells for the square root of the number of pictures
_ROUNDS = 5  # of the clustering
_PER_CELL = 32  # signatures from which the middle of a cell is computed
# A window looks into a cell whose middle is as much like it as this part of what it looks for.
_REACH = 0.45
_ROWS = 8192  # signatures sorted into cells at once
_TILE = 32  # cells whose middles are compared with windows at once

Floats = NDArray[np.float32]
Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Cells:
    """Signatures, cell by cell.

    Attributes:
        table: signatures (n, d), float32.
        numbers: 8 * picture + orientation of each signature (n,), int64.
        starts: where each cell begins in the table, and the end (cells + 1,), int64.
        middles: the middles of the cells (cells, d), float32; none where there are no cells.
    """

    table: Floats
    numbers: Numbers
    starts: Numbers
    middles: Floats

    def near(self, signatures: Floats, least: Floats) -> list[Numbers | slice]:
        """Finds what is like any window of some pictures.

        Args:
            signatures: of the windows (n, windows, d), float32.
            least: likeness that is looked for, of each window (windows,), float32.

        Returns:
            For each picture the places in the table, ascending: without cells, the whole of it.
        """
        if not len(self.middles):
            return [slice(None)] * len(signatures)
        count, _, width = signatures.shape
        flat, limits = signatures.reshape(-1, width), np.tile(least, count)
        found = [np.empty(0, dtype=np.int64)]
        for start in range(0, len(self.middles), _TILE):
            likeness = self.middles[start : start + _TILE] @ flat.T
            for cell, close in enumerate(likeness >= _REACH * limits, start):
                window, place = self._inside(cell, flat, limits, np.flatnonzero(close))
                found.append(window // len(least) * len(self.table) + place)
        picture, place = np.divmod(np.unique(np.concatenate(found)), len(self.table))
        return list(np.split(place, np.searchsorted(picture, np.arange(1, count))))

    def _inside(
        self, cell: int, flat: Floats, limits: Floats, chosen: Numbers
    ) -> tuple[Numbers, Numbers]:
        """Compares chosen windows with a cell; gives windows and places that are alike."""
        start, end = self.starts[cell : cell + 2]
        alike = flat[chosen] @ self.table[start:end].T >= limits[chosen, None]
        window, member = np.divmod(np.flatnonzero(alike), max(end - start, 1))
        return chosen[window], start + member


def sorted_cells(oriented: Floats) -> Cells:
    """Sorts the signatures (n, 8, d) of n pictures in all orientations into cells."""
    if len(oriented) <= EXACT:
        return without_cells(oriented, np.arange(len(oriented)))
    table = oriented.reshape(-1, oriented.shape[-1])
    middles = _middles(table, int(_SPREAD * np.sqrt(len(oriented))))
    cell = _nearest(table, middles)
    numbers = np.argsort(cell, kind="stable")
    starts = np.searchsorted(cell[numbers], np.arange(len(middles) + 1))
    return Cells(table[numbers], numbers, starts, middles)


def without_cells(oriented: Floats, pictures: Numbers) -> Cells:
    """Takes the signatures (n, 8, d) of some of n pictures, all of which are compared."""
    numbers = (pictures[:, None] * ORIENTATIONS + np.arange(ORIENTATIONS)).ravel()
    table = oriented[pictures].reshape(len(numbers), oriented.shape[-1])
    return Cells(table, numbers, numbers[:0], table[:0])


def _middles(signatures: Floats, count: int) -> Floats:
    """Clusters a sample of the signatures by k-means; the middles have unit length."""
    sample = signatures[:: max(1, len(signatures) // (count * _PER_CELL))]
    middles = sample[:: len(sample) // count][:count].copy()
    for _ in range(_ROUNDS):
        cell = _nearest(sample, middles)
        order = np.argsort(cell, kind="stable")
        filled, starts = np.unique(cell[order], return_index=True)
        sums = np.add.reduceat(sample[order], starts, axis=0)
        length = np.sqrt(np.square(sums).sum(axis=1, keepdims=True))
        middles[filled] = sums / np.maximum(length, 1e-6)
    return middles


def _nearest(signatures: Floats, middles: Floats) -> Numbers:
    """Gives the cell of each signature."""
    starts = range(0, len(signatures), _ROWS)
    parts = [(signatures[start : start + _ROWS] @ middles.T).argmax(axis=1) for start in starts]
    return np.concatenate(parts)
