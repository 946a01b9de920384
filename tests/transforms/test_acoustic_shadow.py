"""A shadow is dark along its beam from its depth on, and nowhere else."""

from functools import partial
from typing import Any

import pytest
import torch

from tests.transforms.made_ultrasound import check_habits, letterboxed
from transforms.acoustic_shadow import RandAcousticShadowd, shadowed

EVEN = torch.full((1, 100, 80), 0.8)


def test_it_keeps_to_the_habits_of_all() -> None:
    check_habits(partial(RandAcousticShadowd, "image", start=0.3), {"strength": 0})


def test_a_shadow_lies_below_its_depth_and_beside_its_beam() -> None:
    found = shadowed(EVEN, 0.75, 0.25, 0.4, 0.05)[0]
    assert float(found[80, 20]) == pytest.approx(0.2, abs=0.01)  # in the middle of the beam
    assert float(found[99, 20]) == pytest.approx(0.2, abs=0.01)  # down to the bottom
    torch.testing.assert_close(found[:30], EVEN[0, :30], atol=0.01, rtol=0)  # above it
    torch.testing.assert_close(found[:, 45:], EVEN[0, :, 45:], atol=0.01, rtol=0)  # beside it
    assert float(found[40, 20]) == pytest.approx(0.5, abs=0.1)  # it begins at its depth


def test_a_letterbox_does_not_count() -> None:
    image = letterboxed()
    found = shadowed(image, 0.75, 0.25, 0.4, 0.05)
    assert torch.equal(found[:, 10:30], shadowed(image[:, 10:30], 0.75, 0.25, 0.4, 0.05))
    assert torch.equal(found[:, :10], image[:, :10]) and torch.equal(found[:, 30:], image[:, 30:])


def test_its_width_is_a_standard_deviation() -> None:
    found = shadowed(EVEN, 1.0, 0.5, 0.0, 0.1)[0, 80]
    lost = 1 - found / 0.8
    assert float(lost[48]) == pytest.approx(torch.tensor(-(8.5**2) / 128).exp().item(), abs=1e-3)


def test_a_beam_may_be_slanted() -> None:
    found = shadowed(EVEN, 0.9, 0.25, 0.0, 0.05, angle=20)[0]
    assert [int(found[row].argmin()) for row in (10, 50, 90)] == [23, 38, 52]


@pytest.mark.parametrize(
    "given", [{"strength": 1.2}, {"start": -0.1}, {"width": 0}, {"angle": (0, 90)}]
)
def test_bad_settings_are_named(given: dict[str, Any]) -> None:
    (name,) = given
    with pytest.raises(ValueError, match=f"{name} is .*; expected a number"):
        RandAcousticShadowd("image", **given)
