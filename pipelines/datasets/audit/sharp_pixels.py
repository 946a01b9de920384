"""Sharp pixels: those that stick out of their row, as the strokes of burnt-in marks do.

A scanner's resolution across its beams is poor, so tissue hardly changes from one pixel to the next
in a row; where letters stand, it changes at each of their strokes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_SHARP = 30  # grey levels between a pixel and the mean of its two neighbours at least, and
_ABOVE_NOISE = 7  # the same as a multiple of its median in the brighter half of the picture
_FEW = 0.2  # share of the pixels


def sharp_pixels(picture: NDArray[np.int16]) -> NDArray[np.bool_]:
    """Tells which pixels stick out from, or dip below, both of their neighbours in the row.

    Args:
        picture: grey values (h, w), 0..255.

    Returns:
        Whether each pixel does (h, w); never in the first and the last column.
    """
    sharp = np.zeros(picture.shape, dtype=np.bool_)
    left, middle, right = picture[:, :-2], picture[:, 1:-1], picture[:, 2:]
    bend = 2 * middle - left - right
    if not bend.size:
        return sharp
    threshold = max(2 * _SHARP, int(_ABOVE_NOISE * _noise(middle[::3, ::3], bend[::3, ::3])))
    above = (bend > threshold) & (middle >= np.maximum(left, right))
    below = (bend < -threshold) & (middle < np.minimum(left, right))
    sharp[:, 1:-1] = above | below
    return sharp


def _noise(picture: NDArray[np.int16], bend: NDArray[np.int16]) -> float:
    """Measures the noise where it shows: the median of what the brighter pixels bend.

    Where few pixels are brighter than the rest, they are marks on a plain ground.
    """
    bright = picture > np.median(picture)
    few = np.count_nonzero(bright) < _FEW * bright.size
    return 0.0 if few else float(np.median(np.abs(bend[bright])))
