"""How well cuts agree with their pictures once laid over them.

The mean of two measures: the coherence of the detail, and the share of the tiles that are alike.
Radiographs of limbs that are strangers reach half of either, but not by the same pairs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipelines.datasets.duplicate_candidates import Candidates, Pairs, turned
from pipelines.datasets.duplicate_coherence import coherences
from pipelines.datasets.duplicate_detail import detail, halved
from pipelines.datasets.duplicate_fit import Layer, correlated, fitted, maps_of
from pipelines.datasets.duplicate_tiles import agreeing_tiles

_ROUGH_BLUR, _FIT_BLUR, _BLUR = 3.5, 3.0, 1.5  # pixels: what is coarser counts as brightness
_ROUGH_ROUNDS, _ROUGH_STEPS, _STEPS = 2, 4, 4
_LARGE, _SMALL = 0.12, 0.05  # the most that a step changes a map
# Copies that are hardly changed, and frames of a film, of which there may be millions of pairs, are
# seen as they lie: by their likeness, and the correlation of their detail, so much above what the
# agreement must be, or so high.
_SAME, _SURER, _SURE, _SAME_ROWS = 0.95, 0.4, 0.93, 1024
_LIKELY = 0.6  # correlation of roughly fitted detail below which nothing more is measured
_NEAR = 0.33  # of the agreement that makes a pair: less is not fitted any better
_ROWS = 64  # fitted at once: few enough for the processor's cache

Floats = NDArray[np.float32]


def agreements(smalls: NDArray[np.uint8], chosen: Candidates, enough: float) -> Floats:
    """Fits each cut to its picture and measures how well the two agree.

    Args:
        smalls: small copies (n, SIDE, SIDE), uint8.
        chosen: the candidates.
        enough: agreement from which on a better fit would change nothing.

    Returns:
        The agreements (n,), float32: up to 1 of one picture, 0 where a rough fit found little.
    """
    result = np.zeros(len(chosen), dtype=np.float32)
    same = np.flatnonzero(chosen.likeness >= _SAME)
    for start in range(0, len(same), _SAME_ROWS):
        part = same[start : start + _SAME_ROWS]
        correlation = _as_they_lie(smalls, chosen.rows[part])
        sure = correlation >= min(enough + _SURER, _SURE)
        result[part] = np.where(sure, correlation, 0)
    rest = np.flatnonzero(result < enough)
    for start in range(0, len(rest), _ROWS):
        part = rest[start : start + _ROWS]
        result[part] = _measured(smalls, chosen[part], enough)
    return result


def _as_they_lie(smalls: NDArray[np.uint8], rows: Pairs) -> Floats:
    """Correlates the detail of pictures and turned cuts, at half the size and without any fit."""
    used, places = np.unique(rows[:, :2], return_inverse=True)
    table = detail(halved(smalls[used].astype(np.float32)), _BLUR)
    placed = np.column_stack([places.reshape(-1, 2), rows[:, 2]])
    one, other = table[placed[:, 0]], turned(table, placed)
    return np.asarray(np.einsum("nij,nij->n", one, other) / table[0].size)


def _measured(smalls: NDArray[np.uint8], chosen: Candidates, enough: float) -> Floats:
    """Measures the agreement of some candidates, with as much effort as each needs."""
    cuts, pictures = turned(smalls, chosen.rows), smalls[chosen.rows[:, 0]].astype(np.float32)
    maps = maps_of(chosen.windows)
    result = np.zeros(len(chosen), dtype=np.float32)
    left = np.arange(len(chosen))
    for _ in range(_ROUGH_ROUNDS):
        maps[left], rough = _roughly_fitted(cuts[left], pictures[left], maps[left])
        left = left[rough >= _LIKELY]
        result[left] = _compared(*_detailed(cuts, pictures, left), maps[left])
        left = left[result[left] < enough]
    near = left[result[left] >= _NEAR * enough]
    better = fitted(*_detailed(cuts, pictures, near, _FIT_BLUR), maps[near], _STEPS, _SMALL)
    compared = _compared(*_detailed(cuts, pictures, near), better)
    result[near] = np.maximum(result[near], compared)
    return result


def _detailed(
    cuts: Floats, pictures: Floats, places: NDArray[np.int64], blur: float = _BLUR
) -> tuple[Floats, Layer]:
    """Gives the detail of the cuts and pictures at some places."""
    return detail(cuts[places], blur), Layer(detail(pictures[places], blur))


def _roughly_fitted(cuts: Floats, pictures: Floats, maps: Floats) -> tuple[Floats, Floats]:
    """Betters maps (n, 2, 3) at half the size, and correlates (n,) what they lay together."""
    cuts, layer = detail(halved(cuts), _ROUGH_BLUR), Layer(detail(halved(pictures), _ROUGH_BLUR))
    maps = fitted(cuts, layer, maps, _ROUGH_STEPS, _LARGE)
    return maps, correlated(*layer.laid(maps), cuts.reshape(len(cuts), layer.side**2))


def _compared(cuts: Floats, layer: Layer, maps: Floats) -> Floats:
    """Measures the agreement of detail (n, side, side) that maps lay together."""
    found, seen = layer.laid(maps)
    shown = seen.reshape(cuts.shape)
    one, other = found.reshape(cuts.shape) * shown, cuts * shown
    return np.float32(0.5) * (coherences(one, other) + agreeing_tiles(one, other, shown))
