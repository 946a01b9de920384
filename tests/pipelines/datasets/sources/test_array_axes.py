from __future__ import annotations

import numpy as np
import pytest

from pipelines.datasets.sources.array_axes import Axes, Order, find_axes, picture_size, upright
from pipelines.errors import InputError

GOOD: list[tuple[tuple[int, ...], Order | None, Axes, tuple[int, int]]] = [
    ((9, 40, 60), None, "NHW", (40, 60)),
    ((9, 40, 60, 3), None, "NHWC", (40, 60)),
    ((9, 40, 60, 1), None, "NHWC", (40, 60)),
    ((9, 3, 40, 60), None, "NCHW", (40, 60)),
    ((9, 1, 40, 60), None, "NCHW", (40, 60)),
    ((9, 3, 40, 3), "first", "NCHW", (40, 3)),
    ((9, 3, 40, 3), "last", "NHWC", (3, 40)),
    ((3, 40, 60), None, "NHW", (40, 60)),
]


@pytest.mark.parametrize(("shape", "order", "axes", "size"), GOOD)
def test_the_shape_tells(
    shape: tuple[int, ...], order: Order | None, axes: Axes, size: tuple[int, int]
) -> None:
    assert find_axes(shape, "a", order) == axes
    assert picture_size(shape, axes) == size


BAD: list[tuple[tuple[int, ...], Order | None, str]] = [
    ((9, 3, 40, 3), None, "both .* Say which with --channels-first or --channels-last"),
    ((9, 1, 40, 3), None, "both the second and the last"),
    ((9, 40, 60, 4), None, r"without an axis of 1 or 3 channels; expected .*no alpha"),
    ((9, 40, 60, 3), "first", "as --channels-first says"),
    ((9, 3, 40, 60), "last", "as --channels-last says"),
    ((40, 60, 3), None, r"A single picture needs a first axis: array\[np.newaxis\]"),
    ((9, 16384), None, r"array.reshape\(-1, height, width\)"),
    ((9,), None, "Save 2-D pictures"),
    ((9, 5, 40, 60, 3), None, "Save 2-D pictures"),
]


@pytest.mark.parametrize(("shape", "order", "message"), BAD)
def test_what_is_refused(shape: tuple[int, ...], order: Order | None, message: str) -> None:
    with pytest.raises(InputError, match=rf"^a has the shape .*{message}"):
        find_axes(shape, "a", order)


def test_pictures_are_upright_and_grey_where_their_channels_are_equal() -> None:
    grey = np.arange(24, dtype=np.uint8).reshape(4, 6)
    colour = np.stack([grey, grey + 1, grey], axis=-1)
    equal = np.stack([grey] * 3, axis=-1)
    np.testing.assert_array_equal(upright(grey, "NHW"), grey)
    np.testing.assert_array_equal(upright(grey[None], "NCHW"), grey)
    np.testing.assert_array_equal(upright(equal, "NHWC"), grey)
    np.testing.assert_array_equal(upright(np.moveaxis(equal, -1, 0), "NCHW"), grey)
    np.testing.assert_array_equal(upright(colour, "NHWC"), colour)
    turned = upright(np.moveaxis(colour, -1, 0), "NCHW")
    np.testing.assert_array_equal(turned, colour)
    assert turned.flags["C_CONTIGUOUS"]
