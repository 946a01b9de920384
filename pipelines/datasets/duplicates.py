"""Near-duplicate pictures: signatures propose pairs, a fit of their detail confirms them.

Everything works on small grey copies, so that a picture is decoded once and then forgotten.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from threadpoolctl import threadpool_limits

from pipelines.datasets.duplicate_agreement import agreements
from pipelines.datasets.duplicate_candidates import (
    MOST_TURNS,
    Candidates,
    Pairs,
    candidates,
)
from pipelines.datasets.duplicate_cells import Cells, sorted_cells
from pipelines.datasets.duplicate_moments import later
from pipelines.datasets.duplicate_signatures import Signatures, learned
from pipelines.datasets.duplicate_thresholds import Thresholds, measured
from pipelines.datasets.duplicate_windows import SIDE

_BLOCK, _LEAST_BLOCKS = 512, 4  # pictures that are worked on at once: bounds the memory
_FIRST_STEPS = 4  # before the blocks
_BLANK = 1  # grey levels between the darkest and the brightest pixel of a blank picture

Report = Callable[[int, int], None]
Mapping = Callable[[Callable[[Any], Any], Sequence[Any]], Iterator[Any]]


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
    """Finds the near-duplicates among pictures.

    Args:
        smalls: small copies (n, SIDE, SIDE), uint8; it may be mapped from a file.
        threads: how many to use; it changes nothing else.
        report: called with the steps that were done and their number.

    Returns:
        Pairs of indices (n, 2), first < second, sorted, int64. Blank pictures are pairs of one
        another.
    """
    blocks = _blocks(len(smalls))
    # The numbers must not depend on how a library shares its work among threads of its own.
    with threadpool_limits(1), _mapping(threads, _FIRST_STEPS + 2 * len(blocks), report) as mapped:
        (signatures,) = mapped(learned, [smalls])
        (oriented,) = mapped(partial(_oriented, smalls), [signatures])
        (limits,) = mapped(partial(measured, smalls, signatures), [oriented])
        (cells,) = mapped(sorted_cells, [oriented])
        propose = partial(_proposed, smalls, signatures, cells, limits)
        proposed = Candidates.joined(list(mapped(propose, blocks)), MOST_TURNS)
        confirm = partial(_confirmed, smalls, proposed, limits)
        parts = np.array_split(np.arange(len(proposed)), max(len(blocks), 1))[: len(blocks)]
        found = [_blank_pairs(smalls), *mapped(confirm, parts)]
    return np.unique(np.sort(np.concatenate(found), axis=1), axis=0)


def _blocks(count: int) -> list[range]:
    """Parts the numbers of pictures: enough parts for the threads of a small set."""
    size = min(max(count // _LEAST_BLOCKS, 1), _BLOCK)
    return [range(start, min(start + size, count)) for start in range(0, count, size)]


@contextmanager
def _mapping(threads: int, steps: int, report: Report | None) -> Iterator[Mapping]:
    """Starts threads, and gives a function like ``map`` that reports each step."""
    pool = ThreadPoolExecutor(threads)
    done = 0

    def mapped(function: Callable[[Any], Any], jobs: Sequence[Any]) -> Iterator[Any]:
        nonlocal done
        for result in pool.map(function, jobs):
            done += 1
            if report is not None:
                report(done, steps)
            yield result

    try:
        yield mapped
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _oriented(smalls: NDArray[np.uint8], signatures: Signatures) -> NDArray[np.float32]:
    """Gives the signatures (n, 8, d) of all pictures in all orientations."""
    parts = [
        signatures.of_orientations(smalls[start : start + _BLOCK])
        for start in range(0, max(len(smalls), 1), _BLOCK)
    ]
    return np.concatenate(parts)


def _proposed(
    smalls: NDArray[np.uint8],
    signatures: Signatures,
    cells: Cells,
    limits: Thresholds,
    block: range,
) -> Candidates:
    """Proposes pairs with the pictures of a block."""
    windows = signatures.of_windows(smalls[block.start : block.stop])
    return candidates(windows, block, cells, limits.likeness, limits.upright)


def _confirmed(
    smalls: NDArray[np.uint8], proposed: Candidates, limits: Thresholds, places: NDArray[np.int64]
) -> Pairs:
    """Gives the pairs (n, 2) among the candidates at some places."""
    chosen = proposed[places]
    copied = np.zeros(len(chosen), dtype=bool)
    fit = np.flatnonzero(chosen.likeness >= limits.likeness)
    copied[fit] = agreements(smalls, chosen[fit], limits.agreement) >= limits.agreement
    rest = np.flatnonzero(chosen.upright & ~copied)
    copied[rest] = later(smalls, chosen.rows[rest, :2], limits.detail)
    return chosen.rows[copied, :2]


def _blank_pairs(smalls: NDArray[np.uint8]) -> Pairs:
    """Pairs the pictures that show nothing; their signatures are like nothing."""
    starts = range(0, len(smalls), _BLOCK)
    blank = [np.ptp(smalls[start : start + _BLOCK], axis=(1, 2)) <= _BLANK for start in starts]
    places = np.flatnonzero(np.concatenate([np.empty(0, dtype=bool), *blank]))
    first, second = np.triu_indices(len(places), 1)
    return np.stack([places[first], places[second]], axis=1)


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
