"""The low cosine frequencies of a small copy, and those of the windows that a cut could show.

A cut of a picture resembles one window of it. Cosine frequencies of a window are a product of two
small matrices with the picture, so that those of sixty windows cost little more than of one.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

SIDE = 64  # of the small copies: speckle is averaged away, tissue layers are still there

_LENGTHS = 8  # frequencies along one axis, and
_HIGHEST = 9  # the sum of both axes' up to which they are used
_STEP, _FARTHEST, _SHORTEST = 0.1, 0.2, 0.7  # of the windows' edges, in parts of an axis
_LEAST_AREA = 0.55  # of a window, in parts of the picture
_MOST_STRETCHED = 1.6  # aspect ratio of a window, in that of the picture

Floats = NDArray[np.float32]


@cache
def spans() -> tuple[tuple[float, float], ...]:
    """Gives the parts of an axis that windows show, the whole axis first."""
    edges = np.arange(0, _FARTHEST + _STEP / 2, _STEP)
    found = [(float(a), float(1 - b)) for a in edges for b in edges]
    long = [span for span in found if span[1] - span[0] > _SHORTEST - _STEP / 2]
    return tuple(sorted(long, key=lambda span: (span[0] - span[1], span[0])))


@cache
def windows() -> Floats:
    """Gives the windows (n, 4), the whole picture first: top, bottom, left, right, from 0 to 1."""
    table = [(*spans()[down], *spans()[across]) for down, across in _window_spans()]
    return np.array(table, dtype=np.float32)


@cache
def _window_spans() -> tuple[tuple[int, int], ...]:
    """Pairs the spans down and across, without small windows and very long ones."""
    lengths = [end - start for start, end in spans()]
    numbers = range(len(lengths))
    return tuple(
        (i, j)
        for i in numbers
        for j in numbers
        if lengths[i] * lengths[j] >= _LEAST_AREA
        and 1 / _MOST_STRETCHED < lengths[i] / lengths[j] < _MOST_STRETCHED
    )


@cache
def used() -> NDArray[np.bool_]:
    """Tells which of the frequencies (8, 8) are compared: all low ones but the mean."""
    total = np.add.outer(np.arange(_LENGTHS), np.arange(_LENGTHS))
    return (total > 0) & (total <= _HIGHEST)


@cache
def _waves() -> Floats:
    """Makes the cosines (spans x 8, SIDE) that fit into each span, orthogonal and of unit length.

    Pixels at the ends of a span count by the part that lies inside.
    """
    pixels = np.arange(SIDE)
    rows = []
    for start, end in np.array(spans()) * SIDE:
        first, last = np.maximum(pixels, start), np.minimum(pixels + 1, end)
        cover = np.clip(last - first, 0, 1)
        place = ((first + last) / 2 - start) / (end - start)
        for frequency in range(_LENGTHS):
            wave = np.cos(np.pi * frequency * place) * cover
            if frequency:
                wave -= cover * wave.sum() / cover.sum()
            rows.append(wave / np.sqrt(np.square(wave).sum()))
    return np.array(rows, dtype=np.float32)


def whole_frequencies(smalls: NDArray[np.uint8]) -> Floats:
    """Gives the lowest cosine frequencies (n, 8, 8) of small copies (n, SIDE, SIDE)."""
    waves = _waves()[:_LENGTHS]
    return np.asarray(waves @ smalls.astype(np.float32) @ waves.T)


def window_frequencies(smalls: NDArray[np.uint8]) -> Floats:
    """Gives the lowest cosine frequencies (n, windows, 8, 8) of all windows of small copies."""
    waves = _waves()
    count = len(waves) // _LENGTHS
    table = waves @ smalls.astype(np.float32) @ waves.T
    blocks = table.reshape(-1, count, _LENGTHS, count, _LENGTHS)
    down, across = np.array(_window_spans()).T
    return blocks.transpose(1, 3, 0, 2, 4)[down, across].swapaxes(0, 1)
