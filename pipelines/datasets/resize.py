"""Pictures and masks made smaller, never larger, with their aspect kept."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Spacing = tuple[float, float]


def fitted(height: int, width: int, longest: int | None) -> tuple[int, int]:
    """Gives the size (height, width) whose longest side is at most ``longest``.

    Examples:
        >>> fitted(300, 400, 200), fitted(300, 400, 500)
        ((150, 200), (300, 400))
    """
    if longest is None or max(height, width) <= longest:
        return height, width
    scale = longest / max(height, width)
    return max(1, round(height * scale)), max(1, round(width * scale))


def shrink_picture(pixels: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
    """Shrinks a picture without aliasing.

    Args:
        pixels: (height, width) uint8 or uint16, or (height, width, 3) uint8.
        size: the new (height, width), not larger.

    Returns:
        The picture of that size, of the same dtype; the same array where nothing changes.
    """
    if pixels.shape[:2] == size:
        return pixels
    shape = (size[1], size[0])
    if pixels.dtype == np.uint8:
        return np.asarray(Image.fromarray(pixels).resize(shape, Image.Resampling.BICUBIC))
    values = Image.fromarray(pixels.astype(np.float32)).resize(shape, Image.Resampling.BICUBIC)
    limits = np.iinfo(pixels.dtype)
    return np.rint(np.clip(np.asarray(values), limits.min, limits.max)).astype(pixels.dtype)


def shrink_mask(indices: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Shrinks class indices (height, width), uint8: each pixel takes its nearest neighbour's."""
    if indices.shape == size:
        return indices
    return np.asarray(Image.fromarray(indices).resize((size[1], size[0]), Image.Resampling.NEAREST))


def scaled_spacing(
    spacing: Spacing | None, before: tuple[int, int], after: tuple[int, int]
) -> Spacing | None:
    """Scales millimetres per pixel (row, column) along with a change of size (height, width)."""
    if spacing is None:
        return None
    return (spacing[0] * before[0] / after[0], spacing[1] * before[1] / after[1])
