"""From the values of an image to the 256 greys of a screen."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

PERCENTILES = (0.5, 99.5)
"""What is black and what is white in an image of 16 bits."""


class Window(NamedTuple):
    """A range of values: ``low`` and what is below is shown black, ``high`` and above white."""

    low: float
    high: float


def window_of(pixels: NDArray[Any]) -> Window | None:
    """Gives the window in which a stored image is shown.

    Args:
        pixels: an image, uint8 or uint16.

    Returns:
        None for 8 bits, which are shown as they are; else the percentiles of its values.
    """
    if pixels.dtype == np.uint8:
        return None
    low, high = np.percentile(pixels, PERCENTILES)
    return Window(float(low), float(high))


def shown(pixels: NDArray[Any], window: Window | None) -> NDArray[np.uint8]:
    """Gives the greys (or colours) of a screen, a straight line between the ends of the window.

    Args:
        pixels: any shape and number type; uint8 where there is no window.
        window: the range of values; one without width shows what is at it or below black.

    Returns:
        uint8 of the same shape.
    """
    if window is None:
        return np.asarray(pixels, dtype=np.uint8)
    width = window.high - window.low or 1.0
    share = (pixels.astype(np.float64) - window.low) / width
    return np.rint(255 * np.clip(share, 0, 1)).astype(np.uint8)
