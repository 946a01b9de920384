"""How alike pictures must be to be near-duplicates: more than the strangers of the same set are.

Unrelated breast scans share little detail, unrelated radiographs of a limb much. How high strangers
reach is measured on random pairs: nearly all are strangers, whatever copies a set holds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.datasets.duplicate_candidates import Candidates, candidates, turned
from pipelines.datasets.duplicate_cells import without_cells
from pipelines.datasets.duplicate_moments import shifted_detail
from pipelines.datasets.duplicate_signatures import Signatures

# As many strangers as this are fitted for each picture, or for a small set; fewer where they are
# less alike than the first number below, more where they are more alike than the second.
_ASKED, _ASKED_ALL = 3, 2000
MIN_LIKENESS, MOST_LIKENESS = 0.7, 0.9
MIN_UPRIGHT, MOST_UPRIGHT = 0.6, 0.95
# The agreement of strangers stays below 0.2 in breast scans and 0.3 in fetal planes, and reaches
# 0.54 in made radiographs of limbs; that of changed copies is mostly above 0.5.
MIN_AGREEMENT, MOST_AGREEMENT = 0.36, 0.65
# Of breast scans that are as bright as one another, strangers share detail of at most 0.23; every
# pair from 0.24 on that was looked at shows one lesion.
MIN_DETAIL, MOST_DETAIL = 0.26, 0.9
# A quarter of the similar strangers share more detail than the first number in ultrasound, where it
# is chance, and more than 0.35 in radiographs of limbs. So many times the excess is asked for.
_BY_CHANCE, _AGREEMENT_SLOPE, _DETAIL_SLOPE = 0.14, 0.75, 5.0

_LEAST = 20  # pictures: fewer say too little of their strangers
_TAIL = 10  # random pairs that are as much alike as those asked for
_FEWEST, _MOST = 48, 512  # pictures that are compared with as many others
_COPIED = 0.95  # likeness from which on random pairs are taken for copies or frames of one film
# Similar strangers are the most similar random pairs, but for the part that copies may be.
_FROM, _TO, _SIMILAR = 0.02, 0.1, 64


@dataclass(frozen=True)
class Thresholds:
    """What a pair must reach.

    Attributes:
        likeness: of the signatures of a window and a cut, to be fitted.
        agreement: of a cut with its picture, once fitted, to be a copy.
        upright: likeness of the signatures of whole pictures, to be compared.
        detail: correlation of their detail, to show one scene a moment later.
    """

    likeness: float = MIN_LIKENESS
    agreement: float = 0.56
    upright: float = MIN_UPRIGHT
    detail: float = MOST_DETAIL


def measured(
    smalls: NDArray[np.uint8], signatures: Signatures, oriented: NDArray[np.float32]
) -> Thresholds:
    """Sets the thresholds for a set by its own strangers.

    Args:
        smalls: small copies (n, SIDE, SIDE), uint8.
        signatures: those of the set, and
        oriented: of its pictures in all orientations (n, 8, d), float32.

    Returns:
        The thresholds; of fewer than twenty pictures the strictest.
    """
    count = len(smalls)
    if count < _LEAST:
        return Thresholds()
    asked = max(_ASKED, _ASKED_ALL / count)
    number = int(np.clip(np.sqrt(_TAIL * count / asked), _FEWEST, _MOST))
    rng = np.random.default_rng(0)
    pictures, others = (np.sort(rng.permutation(count)[:number]) for _ in range(2))
    windows = signatures.of_windows(smalls[pictures])
    table = without_cells(oriented, others)
    turns = candidates(windows, pictures.tolist(), table, -np.inf, np.inf, 1)
    upright = _upright(oriented, pictures, others)
    turns, upright = (each[each.likeness < _COPIED] for each in (turns, upright))
    if not len(turns) or not len(upright):
        return Thresholds()
    quantile = max(0.0, 1 - asked / (count - 1))
    limits = [float(np.quantile(each.likeness, quantile)) for each in (turns, upright)]
    shared = [_shared_detail(smalls, each) for each in (turns, upright)]
    return Thresholds(
        likeness=min(max(limits[0], MIN_LIKENESS), MOST_LIKENESS),
        agreement=min(MIN_AGREEMENT + _AGREEMENT_SLOPE * shared[0], MOST_AGREEMENT),
        upright=min(max(limits[1], MIN_UPRIGHT), MOST_UPRIGHT),
        detail=min(MIN_DETAIL + _DETAIL_SLOPE * shared[1], MOST_DETAIL),
    )


def _upright(
    oriented: NDArray[np.float32], pictures: NDArray[np.int64], others: NDArray[np.int64]
) -> Candidates:
    """Compares whole pictures as they are."""
    likeness = oriented[pictures, 0] @ oriented[others, 0].T
    first, second = np.nonzero(pictures[:, None] != others)
    rows = np.stack([pictures[first], others[second], np.zeros_like(first)], axis=1)
    whole = np.tile(np.array([0, 1, 0, 1], dtype=np.float32), (len(rows), 1))
    flags = np.ones(len(rows), dtype=bool)
    return Candidates(rows, whole, likeness[first, second], flags)


def _shared_detail(smalls: NDArray[np.uint8], strangers: Candidates) -> float:
    """Tells how much more detail similar strangers share than they would by chance."""
    low, high = np.quantile(strangers.likeness, [1 - _TO, 1 - _FROM])
    similar = np.flatnonzero((strangers.likeness >= low) & (strangers.likeness <= high))
    rows = strangers.rows[similar[:: -(-len(similar) // _SIMILAR)]]
    shared = shifted_detail(smalls[rows[:, 0]].astype(np.float32), turned(smalls, rows))
    return max(0.0, float(np.quantile(shared, 0.75)) - _BY_CHANCE)
