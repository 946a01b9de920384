"""The detail of small copies: what is left when brightness that changes slowly is taken away."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

_CLIP = 3.0  # standard deviations: letters and calipers are brighter, and count no more than that
_FAINT = 0.1  # grey levels: the deviation of what is no detail

Floats = NDArray[np.float32]


def detail(pictures: Floats, blur: float) -> Floats:
    """Takes away what is coarser than ``blur``.

    Args:
        pictures: (n, side, side), float32.
        blur: standard deviation of a Gaussian, pixels.

    Returns:
        Pictures (n, side, side), float32, of mean 0 and standard deviation 1, but for outliers.
    """
    matrix = blurring(pictures.shape[1], blur)
    apart = pictures - matrix @ pictures @ matrix.T
    apart -= apart.mean(axis=(1, 2), keepdims=True)
    width = np.sqrt(np.square(apart).mean(axis=(1, 2), keepdims=True))
    return np.clip(apart / np.maximum(width, _FAINT), -_CLIP, _CLIP)


@cache
def blurring(side: int, blur: float) -> Floats:
    """Makes the matrix (side, side) that blurs along one axis; the ends are mirrored."""
    from scipy.ndimage import gaussian_filter1d

    return gaussian_filter1d(np.eye(side), blur, axis=0, mode="reflect").astype(np.float32)


def halved(pictures: Floats) -> Floats:
    """Averages blocks of 2 x 2 pixels: (n, side, side) to (n, side / 2, side / 2)."""
    rows = pictures[:, ::2] + pictures[:, 1::2]
    return (rows[:, :, ::2] + rows[:, :, 1::2]) * np.float32(0.25)
