"""Pictures and masks fitted into a square, with their aspect kept and black on two sides."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_SMOOTH, _NEAREST = Image.Resampling.BICUBIC, Image.Resampling.NEAREST


def letterboxed(pixels: NDArray[Any], size: int, mask: bool = False) -> NDArray[Any]:
    """Fits a picture into a square: its longer side fills it, the rest is 0 on both sides alike.

    Args:
        pixels: (height, width) uint8 or uint16, or (height, width, 3) uint8.
        size: side of the square, pixels.
        mask: whether the values are class indices, which must not be mixed.

    Returns:
        (size, size) or (size, size, 3), of the same dtype.

    Examples:
        >>> letterboxed(np.full((2, 4), 7, np.uint8), 4)[:, 0].tolist()
        [0, 7, 7, 0]
    """
    height, width = fitted(pixels.shape[0], pixels.shape[1], size)
    top, left = (size - height) // 2, (size - width) // 2
    square = np.zeros((size, size, *pixels.shape[2:]), pixels.dtype)
    square[top : top + height, left : left + width] = _resized(pixels, height, width, mask)
    return square


def fitted(height: int, width: int, size: int) -> tuple[int, int]:
    """Gives the (height, width) of a picture whose longer side is made ``size``."""
    scale = size / max(height, width)
    return max(1, round(height * scale)), max(1, round(width * scale))


def _resized(pixels: NDArray[Any], height: int, width: int, mask: bool) -> NDArray[Any]:
    """Resizes without aliasing, or, a mask, by the nearest neighbour."""
    if pixels.shape[:2] == (height, width):
        return pixels
    method = _NEAREST if mask else _SMOOTH
    if pixels.dtype == np.uint8:
        return np.asarray(Image.fromarray(pixels).resize((width, height), method))
    deep = Image.fromarray(pixels.astype(np.float32)).resize((width, height), method)
    return np.rint(np.clip(np.asarray(deep), 0, np.iinfo(pixels.dtype).max)).astype(pixels.dtype)
