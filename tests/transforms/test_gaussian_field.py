"""The field has unit variance everywhere, and the correlation that it is asked for."""

import math

import pytest
import torch

from transforms.gaussian_field import gaussian_field


@pytest.mark.parametrize("grain", [(0, 0), (0.5, 1.0), (3.0, 0.0)])
def test_every_pixel_has_mean_nought_and_variance_one(grain: tuple[float, float]) -> None:
    fields = torch.stack([gaussian_field(31, 90, grain, seed) for seed in range(40)])
    assert fields.shape == (40, 31, 90)
    assert abs(float(fields.mean())) < 0.05
    assert float(fields.var()) == pytest.approx(1, abs=0.05)
    assert float(fields[:, 0].var()) == pytest.approx(1, abs=0.15)  # also at the margin


def test_the_correlation_is_that_of_the_grain() -> None:
    field = gaussian_field(300, 400, (1.0, 2.0), 1)
    down = float((field[1:] * field[:-1]).mean())
    across = float((field[:, 1:] * field[:, :-1]).mean())
    assert down == pytest.approx(math.exp(-1 / 4), abs=0.04)
    assert across == pytest.approx(math.exp(-1 / 16), abs=0.04)


def test_the_seed_decides() -> None:
    assert torch.equal(gaussian_field(5, 7, (1, 1), 3), gaussian_field(5, 7, (1, 1), 3))
    assert not torch.equal(gaussian_field(5, 7, (1, 1), 3), gaussian_field(5, 7, (1, 1), 4))
