"""The coherence of two pictures that are laid over one another: how alike all their detail is.

A correlation is high wherever the strong structures agree, and unrelated radiographs of limbs share
those: long bright edges. Here every frequency has the same weight, however strong it is, so that
two pictures must agree in everything they show.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

_LOWEST, _HIGHEST = 3, 24  # periods in a picture: below is brightness, above is mostly noise
_SMOOTH = 2.0  # frequencies over which the power is averaged
_FAINT = 1e-6  # fainter frequencies are rounding

Floats = NDArray[np.float32]


def coherences(one: Floats, other: Floats) -> Floats:
    """Measures the coherence pair by pair.

    Args:
        one: detail (n, side, side), 0 where only one of the two shows anything, and
        other: that with which it is compared.

    Returns:
        The mean over the frequencies, each scaled by the power around it (n,), float32: up to 1 of
        one picture.
    """
    from scipy.fft import rfft2

    first, second = rfft2(one), rfft2(other)
    agreement = first.real * second.real + first.imag * second.imag
    agreement /= np.sqrt(_power(first) * _power(second)) + np.float32(_FAINT)
    return np.asarray((agreement * _weights(one.shape[1])).sum(axis=(1, 2)))


def _power(transform: NDArray[np.complex64]) -> Floats:
    """Averages the power (n, side, side / 2 + 1) over neighbouring frequencies."""
    power = np.square(transform.real) + np.square(transform.imag)
    down, across = _smoothing(transform.shape[1])
    return np.asarray(down @ power @ across)


@cache
def _smoothing(side: int) -> tuple[Floats, Floats]:
    """Makes matrices that average along the full axis and along the half one.

    Of a real picture the power at one frequency is that at its negative, which the half lacks.
    """
    from scipy.ndimage import gaussian_filter1d

    whole = gaussian_filter1d(np.eye(side), _SMOOTH, axis=0, mode="wrap")
    half = whole[: side // 2 + 1, : side // 2 + 1].copy()
    half[1 : side // 2] += whole[: side // 2 : -1, : side // 2 + 1]
    return whole.astype(np.float32), half.astype(np.float32)


@cache
def _weights(side: int) -> Floats:
    """Gives each frequency of the half plane its weight in the mean; their sum is 1."""
    down = np.minimum(np.arange(side), side - np.arange(side))
    across = np.arange(side // 2 + 1)
    distance = np.hypot(down[:, None], across)
    weight = ((distance > _LOWEST) & (distance < _HIGHEST)) * np.where(across == 0, 1.0, 2.0)
    return (weight / weight.sum()).astype(np.float32)
