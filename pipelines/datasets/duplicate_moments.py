"""The same scene a moment later: the same brightness, and detail that is shifted a little.

What moved is no copy, so that it does not fit as a whole. But such frames are upright, of one depth
and gain, and strangers that are alike in brightness share little detail.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipelines.datasets.duplicate_detail import detail, halved
from pipelines.datasets.duplicate_margins import without_margins

BRIGHTNESS = 0.85  # the least correlation; among breast scans a few strangers reach 0.81
_BLUR = 3.0  # pixels: what is coarser counts as brightness
_SHIFT = 6  # pixels, about a tenth of a picture
_PADDED = 72  # the side and the shift, rounded up to a length that a Fourier transform likes
_PAIRS = 128  # correlated at once: bounds the memory

Floats = NDArray[np.float32]


def later(smalls: NDArray[np.uint8], pairs: NDArray[np.int64], least: float) -> NDArray[np.bool_]:
    """Tells which pairs show one scene.

    Args:
        smalls: small copies (n, SIDE, SIDE), uint8.
        pairs: of indices (m, 2).
        least: correlation of detail that makes a pair.
    """
    result = np.zeros(len(pairs), dtype=bool)
    for start in range(0, len(pairs), _PAIRS):
        part = pairs[start : start + _PAIRS]
        shown = (smalls[part[:, side]].astype(np.float32) for side in (0, 1))
        first, second = without_margins(*shown)
        bright = np.flatnonzero(_brightness(first, second) >= BRIGHTNESS)
        result[start + bright] = shifted_detail(first[bright], second[bright]) >= least
    return result


def _brightness(first: Floats, second: Floats) -> Floats:
    """Correlates small copies (n, SIDE, SIDE) pair by pair, at half the size."""
    one, other = _units(halved(first)), _units(halved(second))
    return np.asarray(np.einsum("nij,nij->n", one, other))


def shifted_detail(first: Floats, second: Floats) -> Floats:
    """Correlates the detail of small copies pair by pair, at the best of the small shifts.

    Args:
        first: small copies (n, SIDE, SIDE), float32, and
        second: those with which they are compared.

    Returns:
        The correlations (n,).
    """
    result = np.zeros(len(first), dtype=np.float32)
    for start in range(0, len(first), _PAIRS):
        part = slice(start, start + _PAIRS)
        one, other = (_units(detail(side[part], _BLUR)) for side in (first, second))
        result[part] = _best_shift(one, other)
    return result


def _best_shift(one: Floats, other: Floats) -> Floats:
    from scipy.fft import ifft, irfft, rfft2

    shape = (_PADDED, _PADDED)
    near = np.r_[0 : _SHIFT + 1, -_SHIFT:0]
    # Only small shifts are wanted: most rows need no second transform.
    shifted = ifft(rfft2(one, shape) * np.conj(rfft2(other, shape)), axis=1)
    return np.asarray(irfft(shifted[:, near], _PADDED, axis=2)[:, :, near].max(axis=(1, 2)))


def _units(pictures: Floats) -> Floats:
    """Takes the mean away and scales to unit length."""
    apart = pictures - pictures.mean(axis=(1, 2), keepdims=True)
    length = np.sqrt(np.square(apart).sum(axis=(1, 2), keepdims=True))
    return apart / np.maximum(length, 1e-3)
