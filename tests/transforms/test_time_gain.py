"""Each slider sets the gain of its depth."""

from functools import partial
from typing import Any

import pytest
import torch

from tests.transforms.made_ultrasound import check_habits, letterboxed
from transforms.time_gain import RandTimeGaind, time_gained


def test_it_keeps_to_the_habits_of_all() -> None:
    check_habits(partial(RandTimeGaind, "image"), {"gain": 0})


def test_the_gain_is_linear_between_the_sliders() -> None:
    image = torch.full((1, 200, 3), 0.5)
    found = time_gained(image, [-12, 0, 6], 60)[0, :, 1]
    assert float(found[0]) == pytest.approx(0.3, abs=0.01)
    assert float(found[50]) == pytest.approx(0.4, abs=0.01)
    assert float(found[100]) == pytest.approx(0.5, abs=0.01)
    assert float(found[199]) == pytest.approx(0.6, abs=0.01)


def test_the_sliders_stand_beside_what_is_lit_and_black_stays() -> None:
    found = time_gained(letterboxed(), [6, -6])[0, :, 0]
    assert float(found[10]) > 0.59 and float(found[29]) < 0.41
    assert (found[:10] == 0).all() and (found[30:] == 0).all()


def test_sliders_go_both_ways_within_the_gain() -> None:
    decibels = RandTimeGaind("image", gain=8, sliders=20).set_random_state(0).drawn().decibels
    assert len(decibels) == 20 and -8 <= min(decibels) < -4 and 4 < max(decibels) <= 8


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"gain": 61}, "gain is 61; expected a number"),
        ({"sliders": 1}, "sliders is 1; expected a whole number from 2 to 32"),
        ({"sliders": 2.5}, "sliders is 2.5; expected a whole number"),
        ({"dynamic_range": 0}, "dynamic_range is 0; expected a number"),
    ],
)
def test_bad_settings_are_named(given: dict[str, Any], expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        RandTimeGaind("image", **given)
