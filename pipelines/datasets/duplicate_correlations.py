"""Correlations of small copies, pair by pair: of their brightness, and of their detail."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from pipelines.datasets.duplicate_candidates import Pairs, halved, orient

_BLUR = 3.0  # pixels of the small copy: what is coarser counts as brightness, not as detail
_SHIFT = 6  # pixels of the small copy, about a tenth of the picture
_PADDED = 72  # SIDE + _SHIFT, rounded up to a length that a Fourier transform likes
_PAIRS = 512  # pairs correlated at once


def _chunks(rows: Pairs) -> Iterator[tuple[NDArray[np.int64], int]]:
    """Yields the positions of some hundred rows of one orientation, and that orientation."""
    for orientation in range(8):
        chosen = np.flatnonzero(rows[:, 2] == orientation)
        for start in range(0, len(chosen), _PAIRS):
            yield chosen[start : start + _PAIRS], orientation


def normals(smalls: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Halves small copies and scales them to be correlated: (n, SIDE / 2, SIDE / 2)."""
    return _normalised(halved(smalls))


def _normalised(pictures: NDArray[np.float32]) -> NDArray[np.float32]:
    """Takes the mean away and scales to unit length; a blank picture becomes one constant."""
    centred = pictures - pictures.mean(axis=(1, 2), keepdims=True)
    length = np.sqrt(np.square(centred).sum(axis=(1, 2), keepdims=True))
    constant = np.float32(1 / np.sqrt(centred[0].size))
    return np.where(length < 1, constant, centred / np.maximum(length, 1))


def correlations(
    first: NDArray[np.float32], second: NDArray[np.float32], rows: Pairs
) -> NDArray[np.float32]:
    """Correlates normalised pictures (n, height, width) of two blocks pair by pair."""
    result = np.zeros(len(rows), dtype=np.float32)
    for part, orientation in _chunks(rows):
        turned = orient(second[rows[part, 1]], orientation)
        result[part] = np.einsum("nij,nij->n", first[rows[part, 0]], turned)
    return result


def detail_correlations(
    first: NDArray[np.uint8], second: NDArray[np.uint8], rows: Pairs
) -> NDArray[np.float32]:
    """Correlates the detail of small copies pair by pair, at the best of the small shifts."""
    result = np.zeros(len(rows), dtype=np.float32)
    sides = [_used_detail(smalls, rows[:, side]) for side, smalls in enumerate((first, second))]
    for part, orientation in _chunks(rows):
        one, other = (table[places[part]] for table, places in sides)
        result[part] = best_shift(one, orient(other, orientation))[0]
    return result


def best_shift(
    one: NDArray[np.float32], other: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.int64]]:
    """Correlates pictures of detail at all small shifts.

    Args:
        one: detail of unit length (n, SIDE, SIDE), and
        other: that with which it is compared.

    Returns:
        The highest correlation of each pair, and the shift of ``other`` down and across for it.
    """
    from scipy.fft import ifft, irfft, rfft2

    shape = (_PADDED, _PADDED)
    near = np.r_[0 : _SHIFT + 1, -_SHIFT:0]
    # Only small shifts are wanted: most rows need no second transform.
    shifted = ifft(rfft2(one, shape) * np.conj(rfft2(other, shape)), axis=1)
    product = irfft(shifted[:, near], _PADDED, axis=2)[:, :, near].reshape(len(one), -1)
    place = product.argmax(axis=1)
    down, across = np.divmod(place, len(near))
    return product[np.arange(len(one)), place], near[down], near[across]


def _used_detail(
    smalls: NDArray[np.uint8], numbers: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Gives the detail of the pictures that are used, and the place of each number among them."""
    used, places = np.unique(numbers, return_inverse=True)
    return detail(smalls[used]), places


def detail(smalls: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Takes away what is coarser than ``_BLUR``, and normalises."""
    from scipy.ndimage import gaussian_filter

    values = smalls.astype(np.float32)
    if not len(values):
        return values
    return _normalised(values - gaussian_filter(values, (0, _BLUR, _BLUR)))
