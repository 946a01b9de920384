from __future__ import annotations

import numpy as np
import pytest

from pipelines.datasets.exports.letterbox import fitted, letterboxed


@pytest.mark.parametrize(
    ("shape", "expected"), [((30, 60), (32, 64)), ((60, 30), (64, 32)), ((1, 900), (1, 64))]
)
def test_the_longer_side_fills_the_square(
    shape: tuple[int, int], expected: tuple[int, int]
) -> None:
    assert fitted(*shape, 64) == expected


def test_the_picture_stands_in_the_middle_on_black() -> None:
    square = letterboxed(np.full((10, 40), 9, np.uint8), 20)
    assert square.shape == (20, 20) and square.dtype == np.uint8
    assert (square[:7] == 0).all() and (square[7:12] == 9).all() and (square[12:] == 0).all()


def test_colours_and_16_bits_stay() -> None:
    colours = np.full((10, 20, 3), (1, 2, 3), np.uint8)
    assert letterboxed(colours, 40)[20, 20].tolist() == [1, 2, 3]
    deep = np.full((10, 20), 65535, np.uint16)
    square = letterboxed(deep, 30)
    assert square.dtype == np.uint16 and square[15].min() == 65535


def test_a_mask_gets_no_new_indices() -> None:
    mask = np.random.default_rng(0).choice(np.array([0, 1, 3], np.uint8), (50, 70))
    assert set(np.unique(letterboxed(mask, 33, mask=True))) == {0, 1, 3}


def test_nothing_changes_where_nothing_must() -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (24, 24)).astype(np.uint8)
    assert np.array_equal(letterboxed(pixels, 24), pixels)


def test_shrinking_does_not_alias() -> None:
    stripes = np.tile(np.array([0, 255], np.uint8), (64, 32))
    assert abs(int(letterboxed(stripes, 16)[8, 8]) - 128) < 20
