"""Lays a cut over the picture that it may come from: place, scale, and a little turn.

Least squares by the inverse compositional algorithm (Baker and Matthews 2004,
doi:10.1023/B:VISI.0000011205.11775.fd). A map (2, 3) takes a point of the cut (down, across, 1) to
one of the picture; both reach from -1 to 1.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

_DAMPING = 1e-3
_LEAST_GAIN = 0.3  # of the picture's detail when the cut's is compared with it

Floats = NDArray[np.float32]


def maps_of(windows: Floats) -> Floats:
    """Gives the maps (n, 2, 3) to windows (n, 4): top, bottom, left, right, from 0 to 1."""
    maps = np.zeros((len(windows), 2, 3), dtype=np.float32)
    for axis in (0, 1):
        start, end = windows[:, 2 * axis], windows[:, 2 * axis + 1]
        maps[:, axis, axis] = end - start
        maps[:, axis, 2] = end + start - 1
    return maps


class Layer:
    """Pictures (n, side, side), float32, ready to be sampled again and again."""

    def __init__(self, pictures: Floats) -> None:
        self.count, self.side, _ = pictures.shape
        values = pictures.reshape(-1)
        # Each pixel and the next one as one number: one look-up finds both.
        self._pairs = np.zeros(values.size, dtype=np.complex64)
        self._pairs.real[:], self._pairs.imag[:-1] = values, values[1:]
        self._starts = np.arange(self.count)[:, None] * self.side**2

    def laid(self, maps: Floats) -> tuple[Floats, NDArray[np.bool_]]:
        """Samples the pictures where the pixels of the cuts fall, linearly.

        Args:
            maps: (n, 2, 3).

        Returns:
            What is seen there (n, side * side), and whether a pixel falls into the picture.
        """
        wanted = _in_pixels(maps, self.side) @ _points(self.side)
        rest = np.clip(wanted, 0, self.side - 1.001)
        wanted -= rest
        seen = np.abs(wanted).max(axis=1) <= 0.5
        whole = rest.astype(np.int64)
        rest -= whole
        place = whole[:, 0] * self.side + whole[:, 1] + self._starts
        upper, lower = self._pairs.take(place), self._pairs.take(place + self.side)
        lower -= upper
        upper += lower * rest[:, 0]
        return upper.real + (upper.imag - upper.real) * rest[:, 1], seen


def _in_pixels(maps: Floats, side: int) -> Floats:
    """Turns maps into those from pixels to pixels, counted from 0."""
    middle = (side - 1) / 2
    shift = maps[:, :, 2] * (side / 2) + (1 - maps[:, :, 0] - maps[:, :, 1]) * middle
    return np.concatenate([maps[:, :, :2], shift[:, :, None]], axis=2).astype(np.float32)


@cache
def _points(side: int) -> Floats:
    """Gives all pixels (3, side * side): row, column, 1."""
    row, column = np.divmod(np.arange(side * side), side)
    return np.stack([row, column, np.ones_like(row)]).astype(np.float32)


def fitted(cuts: Floats, pictures: Layer, maps: Floats, steps: int, most: float) -> Floats:
    """Betters maps.

    Args:
        cuts: detail (n, side, side), float32.
        pictures: detail of as many pictures.
        maps: (n, 2, 3), where to begin.
        steps: how often to better them.
        most: that one step may change.

    Returns:
        The maps (n, 2, 3), float32.
    """
    slopes = _slopes(cuts)
    normal = slopes @ slopes.transpose(0, 2, 1)
    power = np.trace(normal, axis1=1, axis2=2)[:, None, None] / 6
    solving = np.linalg.inv(normal + (_DAMPING * power + 1e-6) * np.eye(6, dtype=np.float32))
    flat = cuts.reshape(len(cuts), pictures.side**2)
    for _ in range(steps):
        found, seen = pictures.laid(maps)
        found *= seen
        target = flat * seen
        gain = _sums(found, target) / np.maximum(_sums(found, found), 1e-6)
        found *= np.maximum(gain, _LEAST_GAIN)[:, None]
        found -= target
        change = (solving @ (slopes @ found[:, :, None]))[:, :, 0]
        maps = _composed(maps, np.clip(change, -most, most))
    return maps


def _composed(maps: Floats, change: Floats) -> Floats:
    """Takes changes (n, 6) of the cuts back, and then maps."""
    whole = np.zeros((len(maps), 3, 3), dtype=np.float32)
    whole[:, 2, 2] = 1
    whole[:, :2] = change.reshape(-1, 2, 3) + np.eye(2, 3, dtype=np.float32)
    return maps @ np.linalg.inv(whole)


def _slopes(cuts: Floats) -> Floats:
    """Gives what a change of each of the six numbers of a map changes: (n, 6, side * side)."""
    count, side, _ = cuts.shape
    places = _points(side) * (2 / side)
    places[:2] += 1 / side - 1
    places[2] = 1
    slopes = np.stack([np.gradient(cuts, axis=axis) for axis in (1, 2)], axis=1) * (side / 2)
    return (slopes.reshape(count, 2, 1, side**2) * places).reshape(count, 6, side**2)


def correlated(one: Floats, seen: NDArray[np.bool_], other: Floats) -> Floats:
    """Correlates pictures (n, pixels) where the first shows anything; 0 where it does not."""
    share = np.maximum(seen.sum(axis=1, keepdims=True), 1).astype(np.float32)
    one, other = one * seen, other * seen
    one -= (one.sum(axis=1, keepdims=True) / share) * seen
    other -= (other.sum(axis=1, keepdims=True) / share) * seen
    power = _sums(one, one) * _sums(other, other)
    return _sums(one, other) / np.sqrt(np.maximum(power, 1e-6))


def _sums(one: Floats, other: Floats) -> Floats:
    return np.asarray(np.einsum("np,np->n", one, other))
