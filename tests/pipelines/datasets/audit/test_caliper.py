"""Crosses in speckle, and what only looks like one."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.datasets.audit.caliper import Cross, are_calipers, crosses
from pipelines.datasets.audit.sharp_pixels import sharp_pixels
from tests.pipelines.datasets.audit.made_speckle import speckle, with_crosses, with_text

TWO = [(60, 50), (90, 170)]


def found(picture: NDArray[np.uint8]) -> list[Cross]:
    level = picture.astype(np.int16)
    return crosses(level, sharp_pixels(level))


@pytest.mark.parametrize("arm", [2, 3, 4, 6])
@pytest.mark.parametrize("slanted", [False, True])
def test_crosses_are_found_where_they_were_drawn(arm: int, slanted: bool) -> None:
    signs = found(with_crosses(speckle(), TWO, arm, slanted=slanted))
    clear = [cross for cross in signs if cross.short >= 40]
    assert sorted((cross.row, cross.column) for cross in clear) == TWO
    assert all(cross.slanted == slanted for cross in clear)


def test_two_crosses_are_calipers_and_one_is_not() -> None:
    assert are_calipers(found(with_crosses(speckle(), TWO)))
    assert not are_calipers(found(with_crosses(speckle(), TWO[:1])))
    assert not are_calipers(found(speckle()))


def test_a_cross_at_the_border_is_found() -> None:
    signs = found(with_crosses(speckle(), [(120, 3), (176, 236)]))
    assert {(cross.row, cross.column) for cross in signs} >= {(120, 3), (176, 236)}


def test_lines_without_a_crossing_are_none() -> None:
    picture = speckle()
    picture[60, 20:200] = 230
    picture[80:170, 100] = 230
    assert not are_calipers(found(picture))


def test_a_bright_square_is_none() -> None:
    picture = speckle()
    picture[60:67, 50:57] = picture[90:97, 150:157] = 230
    assert not are_calipers(found(picture))


def test_crosses_of_unlike_kind_level_or_too_close_are_no_measurement() -> None:
    one = Cross(50, 50, 80, 80, 200, False)
    assert are_calipers([one, one._replace(column=60)])
    assert not are_calipers([one, one._replace(column=59)])
    assert not are_calipers([one, one._replace(column=90, slanted=True)])
    assert not are_calipers([one, one._replace(column=90, level=120)])
    assert not are_calipers([one._replace(long=0), one._replace(column=90, long=0)])
    assert are_calipers([one, one._replace(column=90, long=0)])


def test_plus_signs_in_a_line_of_text_are_none() -> None:
    black = np.zeros((100, 240), np.uint8)
    text = with_text(with_text(black, "HEM+MEH 4+4 EHM", (20, 20)), "MHE+HME+MEH", (60, 30))
    assert not are_calipers(found(text))
    assert are_calipers(found(with_crosses(text, [(42, 50), (45, 200)])))


def test_noise_is_none() -> None:
    rng = np.random.default_rng(0)
    assert found(rng.integers(0, 256, (200, 200)).astype(np.uint8)) == []
    assert found((rng.random((200, 200)) < 0.4).astype(np.uint8) * np.uint8(255)) == []


def test_a_pattern_of_crosses_gives_no_more_than_can_be_compared() -> None:
    picture = np.zeros((300, 300), np.uint8)
    middles = [(row, column) for row in range(8, 290, 12) for column in range(8, 290, 30)]
    assert len(found(with_crosses(picture, middles))) <= 24
