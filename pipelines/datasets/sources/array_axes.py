"""Which axis of an array of pictures is which."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import InputError

Axes = Literal["NHW", "NHWC", "NCHW"]
Order = Literal["first", "last"]

_CHANNELS = (1, 3)
_EXPECTED = "expected (N, height, width), (N, height, width, 1 or 3) or (N, 1 or 3, height, width)"


def find_axes(shape: tuple[int, ...], name: str, order: Order | None = None) -> Axes:
    """Tells the axes by the shape.

    Three axes are (N, height, width). Of four, the one of length 1 or 3 is the channels: the last
    or the second.

    Args:
        shape: of the array.
        name: what messages call it.
        order: where the channels stand, as the person said.

    Returns:
        ``NHW``, ``NHWC`` or ``NCHW``.

    Raises:
        InputError: the shape is of no pictures, or both places would do and nobody said which.
    """
    if len(shape) == 3 and shape[2] > 4:
        return "NHW"
    if len(shape) != 4:
        raise InputError(f"{name} has the shape {shape}; {_EXPECTED}. {_remedy(shape)}")
    fitting = [
        place for place, length in (("last", shape[3]), ("first", shape[1])) if length in _CHANNELS
    ]
    if (order is not None and order not in fitting) or not fitting:
        told = f" as --channels-{order} says" if order else ""
        raise InputError(
            f"{name} has the shape {shape}, without an axis of 1 or 3 channels{told}; {_EXPECTED}. "
            "Save grey or RGB (no alpha, no one-hot maps)"
        )
    if len(fitting) == 2 and order is None:
        raise InputError(
            f"{name} has the shape {shape}: both the second and the last axis may be the channels. "
            "Say which with --channels-first or --channels-last"
        )
    return "NHWC" if (order or fitting[0]) == "last" else "NCHW"


def picture_size(shape: tuple[int, ...], axes: Axes) -> tuple[int, int]:
    """Gives the height and the width of every picture."""
    return (shape[2], shape[3]) if axes == "NCHW" else (shape[1], shape[2])


def upright(row: NDArray[np.generic], axes: Axes) -> NDArray[np.generic]:
    """Brings one row of an array into the shape of a picture.

    Args:
        row: one picture, without the first axis.
        axes: the axes of the array.

    Returns:
        (height, width), or (height, width, 3) unless all channels are equal.
    """
    if axes == "NHW":
        return row
    picture = np.moveaxis(row, 0, -1) if axes == "NCHW" else row
    first, *others = (picture[..., channel] for channel in range(picture.shape[-1]))
    # Channel by channel: comparing all of them with the first at once takes five times as long.
    if all((first == other).all() for other in others):
        return np.ascontiguousarray(first)
    return np.ascontiguousarray(picture)


def _remedy(shape: tuple[int, ...]) -> str:
    """Says what to do about a shape that is none of many pictures."""
    if len(shape) == 3:
        return "A single picture needs a first axis: array[np.newaxis]"
    if len(shape) == 2:
        return "A flat row needs its size back: array.reshape(-1, height, width)"
    return "Save 2-D pictures, one per row"
