"""Letters and numbers, with and without crosses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.datasets.audit.burnt_in_text import has_text
from pipelines.datasets.audit.caliper import Cross
from pipelines.datasets.audit.sharp_pixels import sharp_pixels
from tests.pipelines.datasets.audit.made_speckle import speckle, with_crosses, with_text


def shows_text(picture: NDArray[np.uint8], crosses: Sequence[Cross] = ()) -> bool:
    return has_text(sharp_pixels(picture.astype(np.int16)), crosses)


def cross(row: int, column: int) -> Cross:
    return Cross(row, column, 80, 80, 230, False)


@pytest.mark.parametrize("place", [(100, 60), (0, 0), (168, 180)])
@pytest.mark.parametrize("colour", [230, 0])
def test_a_word_is_found_wherever_it_stands(place: tuple[int, int], colour: int) -> None:
    background = np.maximum(speckle(), 60).astype(np.uint8)
    assert shows_text(with_text(background, "RT AXILLA", place, colour))


def test_speckle_has_none() -> None:
    assert not any(shows_text(speckle(seed)) for seed in range(5))


def test_the_edge_of_a_sector_is_none() -> None:
    rows, columns = np.indices((180, 240))
    for slope in (0.3, 0.5, 1.0, 2.0):
        picture = np.where(columns > 20 + slope * rows, np.maximum(speckle(), 120), 0)
        assert not shows_text(picture.astype(np.uint8))


def test_crosses_and_the_dots_between_them_are_none() -> None:
    middles = [(60, 50), (80, 170)]
    picture = with_crosses(speckle(), middles)
    for step in range(0, 121, 2):
        picture = with_crosses(picture, [(60 + round(step / 6), 50 + step)], arm=0)
    signs = [cross(*middle) for middle in middles]
    assert not shows_text(picture, signs)


def test_a_number_beside_a_cross_is_found() -> None:
    middles = [(60, 50), (80, 170)]
    picture = with_text(with_crosses(speckle(), middles), "2", (45, 54))
    assert shows_text(picture, [cross(*middle) for middle in middles])


def test_what_is_to_be_ignored_is() -> None:
    sharp = sharp_pixels(with_text(speckle(), "LT BREAST", (100, 60)).astype(np.int16))
    ignored = np.zeros(sharp.shape, dtype=np.bool_)
    ignored[95:120, 55:150] = True
    assert has_text(sharp, ())
    assert not has_text(sharp, (), ignored)


def test_the_sharp_pixels_are_left_as_they_are() -> None:
    sharp = np.ones((40, 40), dtype=np.bool_)
    has_text(sharp, [cross(20, 20)], np.ones((40, 40), dtype=np.bool_))
    assert sharp.all()
