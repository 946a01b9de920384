"""What is black and what is white."""

import numpy as np
import pytest

from pipelines.preview.window import Window, shown, window_of


def test_eight_bits_are_shown_as_they_are() -> None:
    pixels = np.array([[3, 7], [100, 101]], dtype=np.uint8)
    assert window_of(pixels) is None
    np.testing.assert_array_equal(shown(pixels, None), pixels)


def test_sixteen_bits_are_shown_between_their_percentiles() -> None:
    pixels = np.arange(1000, 2001, dtype=np.uint16).reshape(7, 143)
    pixels[0, 0] = 65535  # one wild pixel must not darken all others
    window = window_of(pixels)
    assert window is not None
    assert window == pytest.approx((1006, 1996), abs=1)
    greys = shown(pixels, window)
    assert greys.dtype == np.uint8
    assert greys.reshape(-1)[[1, 500, 1000, 0]].tolist() == [0, 127, 255, 255]


def test_a_constant_image_of_sixteen_bits_is_shown() -> None:
    pixels = np.full((4, 5), 700, dtype=np.uint16)
    assert (shown(pixels, window_of(pixels)) == 0).all()


def test_values_outside_the_window_are_black_and_white() -> None:
    values = np.array([-3.0, 0.0, 0.5, 1.0, 9.0])
    assert shown(values, Window(0, 1)).tolist() == [0, 0, 128, 255, 255]
