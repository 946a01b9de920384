"""Speckle is multiplicative, has mean 1, and follows its law."""

from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import kstest, nakagami, rayleigh

from tests.transforms.made_ultrasound import check_habits
from transforms.speckle import RandSpeckled, speckled

WHITE = torch.full((1, 120, 90), 0.25)


@pytest.mark.parametrize("law", ["rayleigh", "nakagami"])
def test_it_keeps_to_the_habits_of_all(law: str) -> None:
    check_habits(partial(RandSpeckled, "image", law=law), {"strength": 0})


@pytest.mark.parametrize("m", [0.5, 1.0, 4.0])
def test_the_amplitudes_follow_the_law_and_have_mean_one(m: float) -> None:
    ratio = (speckled(WHITE, 1.0, m, (0, 0), 1) / WHITE).numpy().ravel()
    assert ratio.mean() == pytest.approx(1, abs=0.02)
    law = rayleigh() if m == 1 else nakagami(m)
    assert kstest(ratio * law.mean(), law.cdf).statistic < 0.02
    assert (speckled(WHITE, 0.3, m, (0, 0), 1) / WHITE).std() == pytest.approx(
        0.3 * law.std() / law.mean(), rel=0.05
    )


def test_the_largest_strength_is_that_of_fully_developed_speckle_on_a_display() -> None:
    grey = torch.full((1, 200, 200), 0.6)
    echoes = rayleigh.rvs(size=40000, random_state=0)
    displayed = 20 * np.log10(echoes) / 60
    strength = RandSpeckled("image").strength[1]
    assert speckled(grey, strength, 1.0, (0, 0), 1).std() == pytest.approx(
        displayed.std(), rel=0.03
    )


def test_it_multiplies_all_channels_alike_and_leaves_black() -> None:
    image = torch.rand(3, 20, 30, generator=torch.Generator().manual_seed(0))
    image[:, :5] = 0
    found = speckled(image, 0.5, 1.0, (0.5, 1.0), 2)
    ratio = (found / image)[:, 5:]
    torch.testing.assert_close(ratio[0], ratio[2])
    assert (found[:, :5] == 0).all()


def test_the_grain_correlates_neighbours() -> None:
    fine, coarse = (
        np.corrcoef(found[0, :, 1:].ravel(), found[0, :, :-1].ravel())[0, 1]
        for found in (speckled(WHITE, 1.0, 1.0, (0, each), 1).numpy() for each in (0, 2))
    )
    assert abs(fine) < 0.05 and coarse > 0.8


def test_the_shape_is_drawn_only_of_the_nakagami_law() -> None:
    shapes = {law: set() for law in ("rayleigh", "nakagami")}
    for law, found in shapes.items():
        transform = RandSpeckled("image", law=law, m=(0.5, 2)).set_random_state(0)
        found |= {transform.drawn().m for _ in range(20)}
    assert shapes["rayleigh"] == {1.0}
    assert 0.5 <= min(shapes["nakagami"]) < 0.8 and 1.7 < max(shapes["nakagami"]) <= 2


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"law": "rice"}, "law is 'rice'; expected one of rayleigh, nakagami"),
        ({"strength": 2}, "strength is 2; expected a number"),
        ({"law": "nakagami", "m": 0.1}, "m is 0.1; expected a number"),
        ({"grain": 1}, "grain is 1; expected two numbers of pixels"),
        ({"grain": (1, 30)}, "grain is 30; expected a number"),
    ],
)
def test_bad_settings_are_named(given: dict[str, Any], expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        RandSpeckled("image", **given)
