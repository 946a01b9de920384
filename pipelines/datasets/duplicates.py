"""Near-duplicate pictures: a perceptual hash proposes pairs, a correlation confirms them.

Everything works on small grey copies, so that a picture is decoded once and then forgotten. The
eight orientations (four right-angle turns, each also flipped) are compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE = 64  # of the small copies: speckle is averaged away, tissue layers are still there

# The thresholds were set by looking at the pairs of 662 breast ultrasound images, sorted by each
# measure; all 210 pairs that they find are one frame, or one lesion a moment later.
# The hash alone decides little: strangers begin at a distance of 10 and are the rule above 14, yet
# true pairs (other marks, another cut, another gain) go up to 20. No pair beyond is looked at.
MAX_DISTANCE = 20
# Neither does the plain correlation: any two scans that fade with depth correlate (strangers reach
# 0.92). It thins out the candidates; the lowest true pair has 0.75.
MIN_CORRELATION = 0.7
# The detail (brightness gradients taken away, at the best small shift) tells the same tissue from
# similar tissue: strangers, and flips in a set without flipped copies, stay below 0.31, and every
# pair above 0.38 is a true one.
MIN_DETAIL = 0.38
# A rescaled cut has little detail in common (0.28), but a close hash. No stranger came near.
CLOSE_DISTANCE = 8
CLOSE_CORRELATION = 0.8

_BLUR = 3.0  # pixels of the small copy: what is coarser counts as brightness, not as detail
_SHIFT = 6  # pixels of the small copy, about a tenth of the picture
_PADDED = 72  # SIDE + _SHIFT, rounded up to a length that a Fourier transform likes
_ROWS = 256  # hashes compared at once with all others
_PAIRS = 512  # pairs correlated at once

Pairs = NDArray[np.int64]


def small_copy(picture: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Shrinks a picture to the copy that all comparisons use, whatever its aspect ratio.

    Args:
        picture: grey picture (height, width), uint8 or uint16; 16 bits are stretched to 8 by the
            picture's own range.

    Returns:
        The copy (SIDE, SIDE), uint8.
    """
    if picture.dtype != np.uint8:
        values = picture.astype(np.float32)
        low, high = float(values.min()), float(values.max())
        picture = ((values - low) * (255.0 / max(high - low, 1.0))).astype(np.uint8)
    image = Image.fromarray(picture)
    return np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BOX))


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
    from scipy.fft import dctn

    low = dctn(_halved(smalls), axes=(1, 2))[:, :8, :8]
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


def candidates(hash_table: NDArray[np.uint64]) -> Pairs:
    """Proposes pairs by the Hamming distance of their hashes.

    Compares all pairs, in blocks. A search that does not can replace this function: nothing else
    knows how the pairs were found.

    Args:
        hash_table: hashes (n, 8) of n pictures, uint64.

    Returns:
        Rows (first, second, orientation, distance) with first < second, sorted, int64.
    """
    found = [np.empty((0, 4), dtype=np.int64)]
    columns = np.arange(len(hash_table))
    for start in range(0, len(hash_table), _ROWS):
        upright = hash_table[start : start + _ROWS, 0]
        later = columns[None, :] > np.arange(start, start + len(upright))[:, None]
        for orientation in range(8):
            distance = np.bitwise_count(upright[:, None] ^ hash_table[None, :, orientation])
            first, second = np.nonzero((distance <= MAX_DISTANCE) & later)
            fixed = np.full_like(first, orientation)
            found.append(np.stack([first + start, second, fixed, distance[first, second]], axis=1))
    rows = np.concatenate(found)
    return rows[np.lexsort(rows.T[2::-1])]


def find_pairs(smalls: NDArray[np.uint8]) -> list[tuple[int, int]]:
    """Finds the near-duplicates among pictures.

    Args:
        smalls: small copies (n, SIDE, SIDE), uint8.

    Returns:
        Pairs of indices (first < second), sorted.
    """
    if not len(smalls):
        return []
    rows = candidates(hashes(smalls))
    correlation = _correlations(_normalised(_halved(smalls)), rows)
    likely = correlation >= MIN_CORRELATION
    rows, correlation = rows[likely], correlation[likely]
    close = (rows[:, 3] <= CLOSE_DISTANCE) & (correlation >= CLOSE_CORRELATION)
    detail = np.zeros(len(rows), dtype=np.float32)
    detail[~close] = _detail_correlations(smalls, rows[~close])
    sure = rows[close | (detail >= MIN_DETAIL)]
    return sorted({(int(first), int(second)) for first, second in sure[:, :2]})


def clusters(count: int, pairs: Sequence[tuple[int, int]]) -> NDArray[np.int64]:
    """Joins pairs to clusters: what hangs together through any chain of pairs.

    Args:
        count: number of pictures.
        pairs: pairs of indices.

    Returns:
        A cluster number for each picture, int64, counted from 0 in order of first members.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    first, second = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    links = coo_array((np.ones(len(first), dtype=np.int8), (first, second)), shape=(count, count))
    _, labels = connected_components(links, directed=False)
    _, starts, inverse = np.unique(labels, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(starts))[inverse].astype(np.int64)


def _halved(smalls: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Averages blocks of 2 x 2 pixels: (n, SIDE, SIDE) to (n, SIDE / 2, SIDE / 2)."""
    blocks = smalls.reshape(len(smalls), SIDE // 2, 2, SIDE // 2, 2)
    return blocks.mean(axis=(2, 4), dtype=np.float32)


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


def _chunks(rows: Pairs) -> Iterator[tuple[NDArray[np.int64], int]]:
    """Yields the positions of some hundred rows of one orientation, and that orientation."""
    for orientation in range(8):
        chosen = np.flatnonzero(rows[:, 2] == orientation)
        for start in range(0, len(chosen), _PAIRS):
            yield chosen[start : start + _PAIRS], orientation


def _normalised(pictures: NDArray[np.float32]) -> NDArray[np.float32]:
    """Takes the mean away and scales to unit length; a blank picture becomes one constant."""
    centred = pictures - pictures.mean(axis=(1, 2), keepdims=True)
    length = np.sqrt(np.square(centred).sum(axis=(1, 2), keepdims=True))
    constant = np.float32(1 / np.sqrt(centred[0].size))
    return np.where(length < 1, constant, centred / np.maximum(length, 1))


def _correlations(normal: NDArray[np.float32], rows: Pairs) -> NDArray[np.float32]:
    """Correlates normalised pictures (n, height, width) pair by pair."""
    result = np.zeros(len(rows), dtype=np.float32)
    for part, orientation in _chunks(rows):
        second = orient(normal[rows[part, 1]], orientation)
        result[part] = np.einsum("nij,nij->n", normal[rows[part, 0]], second)
    return result


def _detail_correlations(smalls: NDArray[np.uint8], rows: Pairs) -> NDArray[np.float32]:
    """Correlates the detail of small copies pair by pair, at the best of the small shifts."""
    from scipy.fft import ifft, irfft, rfft2

    result = np.zeros(len(rows), dtype=np.float32)
    used, places = np.unique(rows[:, :2], return_inverse=True)
    places = places.reshape(-1, 2)
    detail = _detail(smalls[used])
    shape = (_PADDED, _PADDED)
    near = np.r_[0 : _SHIFT + 1, _PADDED - _SHIFT : _PADDED]
    for part, orientation in _chunks(rows):
        first = rfft2(detail[places[part, 0]], shape, workers=-1)
        second = rfft2(orient(detail[places[part, 1]], orientation), shape, workers=-1)
        # Only small shifts are wanted: most rows need no second transform.
        shifted = ifft(first * np.conj(second), axis=1, workers=-1)[:, near]
        product = irfft(shifted, _PADDED, axis=2, workers=-1)[:, :, near]
        result[part] = product.max(axis=(1, 2))
    return result


def _detail(smalls: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Takes away what is coarser than ``_BLUR``, and normalises."""
    from scipy.ndimage import gaussian_filter

    values = smalls.astype(np.float32)
    if not len(values):
        return values
    return _normalised(values - gaussian_filter(values, (0, _BLUR, _BLUR)))
