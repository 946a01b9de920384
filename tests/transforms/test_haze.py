"""Haze is a band at its depth, in cysts too, and not in the black around the sector."""

from functools import partial
from typing import Any

import pytest
import torch

from tests.transforms.made_ultrasound import check_habits, letterboxed
from transforms.haze import RandHazed, hazed


def test_it_keeps_to_the_habits_of_all() -> None:
    check_habits(partial(RandHazed, "image"), {"strength": 0})


def test_the_band_lies_at_its_depth_and_only_brightens() -> None:
    image = torch.full((1, 200, 1500), 0.3)
    added = (hazed(image, 0.8, 0.25, 0.05, 1) - image)[0]
    assert (added >= 0).all()
    rows = added.mean(dim=1)
    assert int(rows.argmax()) == pytest.approx(50, abs=4)
    # noise that is even in [0.5, 1] has mean three quarters
    assert float(rows[48:52].mean()) == pytest.approx(0.8 * 0.7 * 0.75, abs=0.02)
    assert float(rows[100:].max()) < 1e-4


def test_a_cyst_fills_and_the_surroundings_stay_black() -> None:
    image = letterboxed()
    image[:, 18:22, 10:20] = 0
    found = hazed(image, 1.0, 0.5, 0.2, 3)
    assert float(found[:, 18:22, 10:20].mean()) > 0.3
    assert (found[:, :10] == 0).all() and (found[:, 30:] == 0).all()


@pytest.mark.parametrize("given", [{"strength": 1.2}, {"depth": -0.1}, {"width": 0}])
def test_bad_settings_are_named(given: dict[str, Any]) -> None:
    (name,) = given
    with pytest.raises(ValueError, match=f"{name} is .*; expected a number"):
        RandHazed("image", **given)
