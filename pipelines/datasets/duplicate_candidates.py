"""Candidates for near-duplicates: small copies whose perceptual hashes are close.

The eight orientations (four right-angle turns, each also flipped) are compared.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

SIDE = 64  # of the small copies: speckle is averaged away, tissue layers are still there

# The hash alone decides little. Among 662 breast ultrasound images strangers begin at a distance
# of 10 and are the rule above 14, yet true pairs (other marks, another cut, another gain) go up to
# 20. No pair beyond is looked at.
MAX_DISTANCE = 20

_BLOCK = 2048  # pictures that are hashed at once: bounds the memory
_ROWS = 64  # hashes compared at once with those of a block: few enough for the processor's cache
_CANDIDATES = 100_000  # rows that are gathered before they are correlated

Pairs = NDArray[np.int64]


def hashes(smalls: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Hashes small copies in all eight orientations.

    The hash is that of ``imagehash.phash`` (which 8 x 8 low cosine frequencies lie above their
    median); turning a picture only transposes its frequencies and changes signs, so that one
    transform serves all orientations of all pictures.

    Args:
        smalls: small copies (n, SIDE, SIDE), uint8.

    Returns:
        Hashes (n, 8), uint64, in the order of ``orient``.
    """
    starts = range(0, len(smalls), _BLOCK)
    parts = [_hashes(smalls[start : start + _BLOCK]) for start in starts]
    return np.concatenate([np.empty((0, 8), dtype=np.uint64), *parts])


def _hashes(smalls: NDArray[np.uint8]) -> NDArray[np.uint64]:
    from scipy.fft import dctn

    low = dctn(halved(smalls), axes=(1, 2))[:, :8, :8]
    bits = []
    for number in range(8):
        turned = _orient_frequencies(low, number)
        bits.append(turned > np.median(turned, axis=(1, 2), keepdims=True))
    table = np.stack(bits, axis=1).reshape(len(smalls), 8, 64)
    return np.packbits(table, axis=2).view(np.uint64)[:, :, 0]


def orient(pictures: NDArray, number: int) -> NDArray:
    """Turns pictures (…, height, width) by ``number % 4`` right angles, flipped from 4 on."""
    flipped = pictures[..., ::-1] if number >= 4 else pictures
    return np.rot90(flipped, number % 4, axes=(-2, -1))


def candidates(hash_table: NDArray[np.uint64], first: range, second: range) -> Iterator[Pairs]:
    """Proposes pairs by the Hamming distance of their hashes.

    Compares all pairs. A search that does not can replace this function: nothing else knows how
    the pairs were found.

    Args:
        hash_table: hashes (n, 8) of n pictures, uint64.
        first: the pictures to compare, and
        second: those to compare them with.

    Yields:
        Some ten thousand rows (first, second, orientation, distance) at once, first < second.
    """
    found: list[Pairs] = []
    count = 0
    columns = np.asarray(second)
    others = np.ascontiguousarray(hash_table[second.start : second.stop].T)
    for start in range(first.start, first.stop, _ROWS):
        rows = np.arange(start, min(start + _ROWS, first.stop))
        upright = hash_table[rows, 0][:, None]
        for orientation in range(8):
            distance = np.bitwise_count(upright ^ others[orientation])
            hits = np.flatnonzero(distance <= MAX_DISTANCE)  # far faster than nonzero of a table
            near, other = np.divmod(hits, len(columns))
            later = columns[other] > rows[near]
            near, other = near[later], other[later]
            fixed = np.full_like(near, orientation)
            block = [rows[near], columns[other], fixed, distance[near, other]]
            found.append(np.stack(block, axis=1).astype(np.int64))
            count += len(near)
        if count >= _CANDIDATES:
            yield np.concatenate(found)
            found, count = [], 0
    if count:
        yield np.concatenate(found)


def halved(smalls: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Averages blocks of 2 x 2 pixels: (n, SIDE, SIDE) to (n, SIDE / 2, SIDE / 2)."""
    corners = [smalls[:, row::2, column::2] for row in (0, 1) for column in (0, 1)]
    total = sum(corner.astype(np.uint16) for corner in corners)
    return np.asarray(total, dtype=np.float32) / np.float32(4)


def _orient_frequencies(low: NDArray[np.float32], number: int) -> NDArray[np.float32]:
    """Gives the cosine frequencies (n, 8, 8) that the pictures had after ``orient``.

    Flipping an axis changes the sign of its odd frequencies; a right-angle turn is a transposition
    and a flip.
    """
    signs = np.where(np.arange(8) % 2, -1, 1).astype(np.float32)
    turned = low * signs if number >= 4 else low
    for _ in range(number % 4):
        turned = np.swapaxes(turned, 1, 2) * signs[:, None]
    return turned
