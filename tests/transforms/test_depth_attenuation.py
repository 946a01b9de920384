"""Each centimetre takes its decibels, there and back."""

from functools import partial
from typing import Any

import pytest
import torch

from tests.transforms.made_ultrasound import check_habits, letterboxed
from transforms.depth_attenuation import RandDepthAttenuationd, attenuated


def test_it_keeps_to_the_habits_of_all() -> None:
    make = partial(RandDepthAttenuationd, "image")
    check_habits(make, {"attenuation": 0})


def test_a_row_loses_twice_its_depth_times_the_attenuation() -> None:
    image = torch.full((1, 100, 3), 0.9)
    transform = RandDepthAttenuationd("image", 1.0, attenuation=1.5, depth=4.0)
    found = transform({"image": image})["image"][0, :, 0]
    depth = (torch.arange(100) + 0.5) / 100 * 4.0
    torch.testing.assert_close(found, 0.9 - 2 * 1.5 * depth / 60)


def test_depth_counts_from_the_first_lit_row() -> None:
    found = attenuated(letterboxed(), 12.0)[0, :, 0]
    assert float(found[10]) == pytest.approx(0.5 - 0.2 * 0.5 / 20)
    assert float(found[29]) == pytest.approx(0.5 - 0.2 * 19.5 / 20)
    assert (found[:10] == 0).all() and (found[30:] == 0).all()


def test_what_was_drawn_is_between_the_limits() -> None:
    transform = RandDepthAttenuationd("image", attenuation=(1, 3), depth=(2, 5))
    drawn = [transform.set_random_state(seed).drawn() for seed in range(30)]
    assert all(1 <= each.attenuation <= 3 and 2 <= each.depth <= 5 for each in drawn)
    assert len({each.depth for each in drawn}) == 30


@pytest.mark.parametrize(
    "given", [{"attenuation": -1}, {"depth": 0}, {"depth": 31}, {"dynamic_range": 5}]
)
def test_bad_settings_are_named(given: dict[str, Any]) -> None:
    (name,) = given
    with pytest.raises(ValueError, match=f"{name} is .*; expected a number"):
        RandDepthAttenuationd("image", **given)
