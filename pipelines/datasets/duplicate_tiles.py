"""The part of two pictures, laid over one another, in which they agree: counted tile by tile.

Marks and letters spoil a few tiles only, and what strangers have in common, such as the edges of a
limb, lies in a few tiles only.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_TILE = 8  # pixels
_ALIKE = 0.7  # correlation of a tile from which on it agrees
_COVERED = 0.6  # of a tile, at least, to be counted
_FAINT = 0.02  # variance of detail below which a tile shows nothing; that of a picture is 1

Floats = NDArray[np.float32]


def agreeing_tiles(one: Floats, other: Floats, seen: NDArray[np.bool_]) -> Floats:
    """Measures the share of the tiles in which two pictures correlate.

    Args:
        one: detail (n, side, side), float32, 0 where only one of the two shows anything, and
        other: that with which it is compared.
        seen: where both show something.

    Returns:
        The shares (n,), float32, from 0 to 1, of the tiles that show anything.
    """
    first, second = (_centred(_tiles(pictures)) for pictures in (one, other))
    powers = [np.square(tiles).mean(axis=2) for tiles in (first, second)]
    correlation = (first * second).mean(axis=2) / np.sqrt(powers[0] * powers[1] + 1e-6)
    shown = (_tiles(seen).mean(axis=2) >= _COVERED) & (np.maximum(*powers) > _FAINT)
    alike = (correlation > _ALIKE) & shown
    agreeing, counted = (tiles.sum(axis=1, dtype=np.float32) for tiles in (alike, shown))
    return np.asarray(agreeing / np.maximum(counted, 1))


def _tiles(pictures: NDArray) -> NDArray:
    """Cuts pictures (n, side, side) into tiles (n, tiles, pixels)."""
    count, side, _ = pictures.shape
    across = side // _TILE
    tiles = pictures.reshape(count, across, _TILE, across, _TILE).swapaxes(2, 3)
    return tiles.reshape(count, across**2, _TILE**2)


def _centred(tiles: Floats) -> Floats:
    return tiles - tiles.mean(axis=2, keepdims=True)
