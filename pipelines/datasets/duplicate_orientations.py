"""The eight orientations of a picture: four right-angle turns, each also flipped."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

ORIENTATIONS = 8


def orient(pictures: NDArray, number: int) -> NDArray:
    """Turns pictures (…, height, width) by ``number % 4`` right angles, flipped from 4 on."""
    flipped = pictures[..., ::-1] if number >= 4 else pictures
    return np.rot90(flipped, number % 4, axes=(-2, -1))


def orient_frequencies(frequencies: NDArray[np.float32], number: int) -> NDArray[np.float32]:
    """Gives the cosine frequencies (…, n, n) that the pictures had after ``orient``.

    Flipping an axis changes the sign of its odd frequencies; a right-angle turn is a transposition
    and a flip.
    """
    signs = np.where(np.arange(frequencies.shape[-1]) % 2, -1, 1).astype(np.float32)
    turned = frequencies * signs if number >= 4 else frequencies
    for _ in range(number % 4):
        turned = np.swapaxes(turned, -1, -2) * signs[:, None]
    return turned


def inverse(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Gives the orientations that undo others; a flipped one undoes itself."""
    return np.where(numbers < 4, -numbers % 4, numbers)
