"""What sticks out of its row."""

from __future__ import annotations

import numpy as np

from pipelines.datasets.audit.sharp_pixels import sharp_pixels
from tests.pipelines.datasets.audit.made_speckle import speckle


def test_a_bright_and_a_dark_upright_line_are_sharp() -> None:
    for level in (180, 20):
        picture = np.full((20, 30), 100, np.int16)
        picture[:, 10] = level
        assert sharp_pixels(picture)[:, 10].all()


def test_a_line_two_pixels_wide_is_sharp() -> None:
    picture = np.full((20, 30), 100, np.int16)
    picture[:, 10:12] = 200
    assert np.count_nonzero(sharp_pixels(picture)) == 40


def test_of_an_edge_one_pixel_in_a_row_is_sharp_and_of_a_lying_line_none() -> None:
    picture = np.full((20, 30), 10, np.int16)
    picture[:, 15:] = 200
    assert np.count_nonzero(sharp_pixels(picture)) == 20
    picture[10] = 250
    assert not sharp_pixels(picture)[10].any()


def test_a_weak_line_is_not() -> None:
    picture = np.full((20, 30), 100, np.int16)
    picture[:, 10] = 125
    assert not sharp_pixels(picture).any()


def test_the_same_line_is_not_where_all_is_as_rough() -> None:
    picture = np.random.default_rng(0).integers(80, 140, (60, 60)).astype(np.int16)
    picture[:, 30] = 200
    assert np.count_nonzero(sharp_pixels(picture)) == 0


def test_a_few_marks_on_plain_ground_are_no_noise() -> None:
    picture = np.zeros((60, 60), np.int16)
    picture[20:30, 10:50:4] = 200
    assert np.count_nonzero(sharp_pixels(picture)) == 100


def test_speckle_is_not() -> None:
    assert np.count_nonzero(sharp_pixels(speckle().astype(np.int16))) < 5


def test_pictures_that_are_too_narrow_have_none() -> None:
    for shape in ((4, 1), (4, 2), (1, 3)):
        assert sharp_pixels(np.zeros(shape, np.int16)).shape == shape
