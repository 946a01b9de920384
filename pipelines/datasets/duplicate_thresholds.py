"""How alike pictures must be to be near-duplicates: more than the strangers of the same set are.

Unrelated breast scans share little detail, unrelated radiographs of a limb much. How high strangers
reach is measured on random pairs in random orientations: nearly all are strangers, whatever copies
a set holds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.datasets.duplicate_candidates import MAX_DISTANCE, Pairs
from pipelines.datasets.duplicate_coherence import coherences
from pipelines.datasets.duplicate_correlations import correlations, detail_correlations, normals

# What is fixed was set by looking at the pairs of 662 breast ultrasound images, sorted by each
# measure, and at made radiographs, fetal planes and tissue, whose true pairs are known.

# Any two scans that fade with depth correlate (strangers reach 0.92). The correlation only thins
# out the candidates; the lowest true pair of the breast scans has 0.75.
MIN_CORRELATION = 0.7
# A cut stretched to the same square has little more, but a close hash; it must be coherent then.
CLOSE_DISTANCE = 12
CLOSE_CORRELATION = 0.4
# Strangers, and flips in a set without flipped copies, stay below 0.37 of detail in breast scans,
# and every pair above 0.38 is a true one, be it only one lesion a moment later (then correlated
# above 0.85; strangers in made fetal planes reach 0.73). In radiographs strangers reach 0.78 of
# detail; as much as the second number is common to copies only.
MIN_DETAIL, SURE_DETAIL = 0.38, 0.9
DETAIL_CORRELATION = 0.8
# The coherence of strangers stays below 0.35, that of changed copies (cuts, gamma, marks, JPEG)
# above 0.45, mostly above 0.6, in all those sets.
MIN_COHERENCE, MOST_COHERENCE = 0.45, 0.7
# Laid over one another, changed copies correlate by 0.8. Without this, two hands with a bright
# letter in the same corner pass.
MIN_FITTED = 0.75
# A pair with less detail is not asked for its coherence, which takes as long as ten correlations.
# The limit rises when strangers would be asked more often than ``_ASKED`` times per picture.
MIN_ASKED, MOST_ASKED = 0.2, 0.6
_ASKED = 20

_LEAST = 20  # pictures: fewer say too little of their strangers
_PAIRS = 2048  # random pairs whose detail is measured
_COHERENT = 128  # random pairs whose coherence is measured
_HASHED = 65_536  # random pairs whose hashes are compared


@dataclass(frozen=True)
class Thresholds:
    """What a pair must reach.

    Attributes:
        detail: correlation of detail that makes a pair.
        asked: correlation of detail from which on the coherence is asked for, and
        coherence: the coherence that makes a pair, then.
    """

    detail: float = SURE_DETAIL
    asked: float = MIN_ASKED
    coherence: float = MIN_COHERENCE


def measured(smalls: NDArray[np.uint8], table: NDArray[np.uint64]) -> Thresholds:
    """Sets the thresholds for a set by its own strangers.

    Args:
        smalls: small copies (n, SIDE, SIDE), uint8.
        table: their hashes (n, 8), uint64.

    Returns:
        The thresholds; of fewer than twenty pictures the strictest for detail.
    """
    if len(smalls) < _LEAST:
        return Thresholds()
    rng = np.random.default_rng(0)
    return Thresholds(
        detail=_detail(smalls, _random_rows(rng, len(smalls), _PAIRS)),
        asked=_asked(smalls, table, _random_rows(rng, len(smalls), _HASHED)),
        coherence=_coherence(smalls, _random_rows(rng, len(smalls), _COHERENT)),
    )


def _random_rows(rng: np.random.Generator, count: int, number: int) -> Pairs:
    """Draws rows (first, second, orientation, 0) of two different pictures."""
    first = rng.integers(count, size=number)
    second = (first + rng.integers(1, count, size=number)) % count
    orientation = rng.integers(8, size=number)
    return np.stack([first, second, orientation, np.zeros_like(first)], axis=1)


def _detail(smalls: NDArray[np.uint8], rows: Pairs) -> float:
    """Tells how much detail strangers never share: far above what a fiftieth of them do.

    Copies do not enter as long as they are less than a fiftieth of the random pairs.
    """
    shared = detail_correlations(smalls, smalls, rows)
    middle, high = np.quantile(shared, [0.5, 0.98])
    return float(np.clip(middle + 2.25 * (high - middle), MIN_DETAIL, SURE_DETAIL))


def _coherence(smalls: NDArray[np.uint8], rows: Pairs) -> float:
    """Tells the coherence that strangers never have; a frame or text that all share adds to it."""
    upright = rows * np.array([1, 1, 0, 0])
    middle, high = np.quantile(coherences(smalls, smalls, upright)[0], [0.5, 0.9])
    return float(np.clip(middle + 3 * (high - middle), MIN_COHERENCE, MOST_COHERENCE))


def _asked(smalls: NDArray[np.uint8], table: NDArray[np.uint64], rows: Pairs) -> float:
    """Finds the detail that candidates have ``_ASKED`` times per picture."""
    distance = np.bitwise_count(table[rows[:, 0], 0] ^ table[rows[:, 1], rows[:, 2]])
    close = rows[distance <= MAX_DISTANCE]
    chosen = close[:_PAIRS]
    likely = chosen[_plain(smalls, chosen) >= MIN_CORRELATION]
    shared = np.sort(detail_correlations(smalls, smalls, likely))[::-1]
    weight = len(close) / max(len(chosen), 1) / len(rows) * 4 * (len(smalls) - 1)
    most = int(_ASKED / weight) if weight else len(shared)
    limit = float(shared[most]) if most < len(shared) else 0.0
    return float(np.clip(limit, MIN_ASKED, MOST_ASKED))


def _plain(smalls: NDArray[np.uint8], rows: Pairs) -> NDArray[np.float32]:
    """Correlates pictures that lie anywhere in the set."""
    used, places = np.unique(rows[:, :2], return_inverse=True)
    table = normals(smalls[used])
    return correlations(table, table, np.c_[places.reshape(-1, 2), rows[:, 2:]])
