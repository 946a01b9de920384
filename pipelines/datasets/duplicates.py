"""Near-duplicate pictures: a perceptual hash proposes pairs, their detail confirms them.

Everything works on small grey copies, so that a picture is decoded once and then forgotten.
"""

from __future__ import annotations

import mmap
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipelines.datasets.duplicate_candidates import SIDE, Pairs, candidates, hashes
from pipelines.datasets.duplicate_coherence import coherences
from pipelines.datasets.duplicate_correlations import correlations, detail_correlations, normals
from pipelines.datasets.duplicate_thresholds import (
    CLOSE_CORRELATION,
    CLOSE_DISTANCE,
    DETAIL_CORRELATION,
    MIN_CORRELATION,
    MIN_FITTED,
    Thresholds,
    measured,
)

_BLOCK = 2048  # pictures that are compared with as many others at once: bounds the memory

Report = Callable[[int, int], None]


def small_copy(picture: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Shrinks a picture to the copy that all comparisons use, whatever its aspect ratio.

    Args:
        picture: grey picture (height, width), uint8 or uint16; 16 bits are stretched to 8 by the
            picture's own range.

    Returns:
        The copy (SIDE, SIDE), uint8.
    """
    if picture.dtype != np.uint8:
        values = picture.astype(np.float32)
        low, high = float(values.min()), float(values.max())
        picture = ((values - low) * (255.0 / max(high - low, 1.0))).astype(np.uint8)
    image = Image.fromarray(picture)
    return np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BOX))


def find_pairs(smalls: NDArray[np.uint8], threads: int = 1, report: Report | None = None) -> Pairs:
    """Finds the near-duplicates among pictures, in memory that their number does not change.

    Args:
        smalls: small copies (n, SIDE, SIDE), uint8; it may be mapped from a file.
        threads: how many to use; it changes nothing else.
        report: called with the blocks that were compared and their number.

    Returns:
        Pairs of indices (n, 2), first < second, sorted, int64.
    """
    table = hashes(smalls)
    thresholds = measured(smalls, table)
    blocks = [range(s, min(s + _BLOCK, len(smalls))) for s in range(0, len(smalls), _BLOCK)]
    tiles = [(one, other) for i, one in enumerate(blocks) for other in blocks[i:]]
    found = [np.empty((0, 2), dtype=np.int64)]
    pool = ThreadPoolExecutor(threads)
    try:
        for pairs in pool.map(partial(_tile_pairs, smalls, table, thresholds), tiles):
            found.append(pairs)
            if report is not None:
                report(len(found) - 1, len(tiles))
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    return np.unique(np.concatenate(found), axis=0)


def _tile_pairs(
    smalls: NDArray[np.uint8],
    table: NDArray[np.uint64],
    thresholds: Thresholds,
    tile: tuple[range, range],
) -> Pairs:
    """Finds the pairs (n, 2) of one block of pictures with another."""
    one, other = (_Block(smalls, part) for part in tile)
    found = [np.empty((0, 2), dtype=np.int64)]
    for rows in candidates(table, *tile):
        inside = rows - np.array([tile[0].start, tile[1].start, 0, 0])
        found.append(rows[_confirmed(one, other, inside, thresholds), :2])
    return np.unique(np.concatenate(found), axis=0)


def _confirmed(
    one: _Block, other: _Block, rows: Pairs, thresholds: Thresholds
) -> NDArray[np.int64]:
    """Tells which rows are near-duplicates, one row of each pair at least.

    Args:
        one: a block, and
        other: that with which it is compared.
        rows: candidates (n, 4); indices count from the beginnings of the blocks.
        thresholds: what they must reach.

    Returns:
        Places among the rows.
    """
    places = np.flatnonzero(_may_correlate(one, other, rows))
    correlation = correlations(one.normal, other.normal, rows[places])
    likely = correlation >= _least(rows[places])
    places, correlation = places[likely], correlation[likely]
    detail = detail_correlations(one.smalls, other.smalls, rows[places])
    sure = (detail >= thresholds.detail) & (correlation >= DETAIL_CORRELATION)
    asked = (detail >= thresholds.asked) | (rows[places, 3] <= CLOSE_DISTANCE)
    best = _best(rows[places], detail, sure)
    asked = best[asked[best] & ~sure[best]]
    coherence, fitted = coherences(one.smalls, other.smalls, rows[places[asked]])
    coherent = (coherence >= thresholds.coherence) & (fitted >= MIN_FITTED)
    return np.concatenate([places[sure], places[asked[coherent]]])


def _least(rows: Pairs) -> NDArray[np.float32]:
    """Gives the least correlation that rows must have."""
    close = rows[:, 3] <= CLOSE_DISTANCE
    return np.where(close, CLOSE_CORRELATION, MIN_CORRELATION).astype(np.float32)


def _best(rows: Pairs, detail: NDArray[np.float32], sure: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Finds the place of the row of each pair that shares most detail, the sure ones first."""
    order = np.lexsort((-detail, ~sure, rows[:, 1], rows[:, 0]))
    changes = np.diff(rows[order, :2], axis=0, prepend=-1).any(axis=1)
    return order[changes]


class _Block:
    """The small copies of a block, their normalised halves, and the coarse part of those.

    ``coarse`` (n, 8, 8) is the part in 8 x 8 tiles of one value each, and ``rest`` (n,) the length
    of what it leaves.
    """

    def __init__(self, smalls: NDArray[np.uint8], part: range) -> None:
        self.smalls = _copied(smalls, part)
        self.normal = normals(self.smalls)
        # A tile of 4 x 4 pixels: its mean times 4 is its part along a unit vector.
        self.coarse = self.normal.reshape(-1, 8, 4, 8, 4).mean(axis=(2, 4)) * 4
        length = 1 - np.square(self.coarse).sum(axis=(1, 2))
        self.rest = np.sqrt(np.maximum(length, 0))


def _copied(smalls: NDArray[np.uint8], part: range) -> NDArray[np.uint8]:
    """Copies a block to memory; the pages of a mapped file are given back at once."""
    block = np.array(smalls[part.start : part.stop])
    mapping = getattr(smalls, "_mmap", None)
    if mapping is not None and hasattr(mmap, "MADV_DONTNEED"):
        mapping.madvise(mmap.MADV_DONTNEED)
    return block


def _may_correlate(one: _Block, other: _Block, rows: Pairs) -> NDArray[np.bool_]:
    """Tells which rows can correlate enough: the rest adds no more than its lengths."""
    most = correlations(one.coarse, other.coarse, rows)
    most += one.rest[rows[:, 0]] * other.rest[rows[:, 1]]
    return most >= _least(rows) - 1e-3


def clusters(count: int, pairs: Pairs) -> NDArray[np.int64]:
    """Joins pairs to clusters: what hangs together through any chain of pairs.

    Args:
        count: number of pictures.
        pairs: pairs of indices (n, 2).

    Returns:
        A cluster number for each picture, int64, counted from 0 in order of first members.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    first, second = np.asarray(pairs, dtype=np.int64).reshape(-1, 2).T
    links = coo_array((np.ones(len(first), dtype=np.int8), (first, second)), shape=(count, count))
    _, labels = connected_components(links, directed=False)
    _, starts, inverse = np.unique(labels, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(starts))[inverse].astype(np.int64)
