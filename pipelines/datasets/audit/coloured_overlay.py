"""Coloured graphics on a grey picture: colour Doppler, coloured boxes, text and crosses."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_LIT = 40  # grey levels from which a pixel shows its tint
_COLOURED = 20  # grey levels between a pixel's channels, beyond the picture's own tint
_FEWEST = 8  # coloured pixels of the smallest graphic
_MOST = 0.6  # share of the lit pixels; beyond it, the picture itself is a coloured one


def coloured(pixels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Tells which pixels have a colour of their own.

    Args:
        pixels: red, green and blue (h, w, 3). The whole picture may have a tint, as a grey one has
            that was shown in sepia: a colour is what differs from it.

    Returns:
        Whether each pixel is coloured (h, w); nowhere where the colours are no overlay: too few, or
        nearly all over the picture.
    """
    red, green, blue = (pixels[..., channel].astype(np.int16) for channel in range(3))
    brightest = np.maximum(np.maximum(red, green), blue)
    lit = brightest > _LIT
    apart = np.zeros(lit.shape, dtype=np.bool_)
    if not lit.any():
        return apart
    for channel in (red, blue):
        difference = (channel - green).astype(np.float32)
        tint = np.median(difference[lit] / brightest[lit])
        apart |= np.abs(difference - tint * brightest) > _COLOURED
    count = np.count_nonzero(apart)
    if count < _FEWEST or count > _MOST * np.count_nonzero(lit):
        apart[:] = False
    return apart
