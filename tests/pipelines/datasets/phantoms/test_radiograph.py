"""The physics of a radiograph."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipelines.datasets.phantoms.grid import Grid
from pipelines.datasets.phantoms.radiograph import Exposure, collimator, detected, develop, haze

GRID = Grid(60, 80, 1.0)
EXPOSURE = Exposure(photons=1e4, scatter=0.0, blur=0.01, middle=0.3, light=0.9, gamma=1.0)


def counted(absorption: float, exposure: Exposure) -> np.ndarray:
    field = np.full((60, 80), absorption, np.float32)
    return detected(np.random.default_rng(0), field, GRID, exposure)


def test_a_beam_is_weakened_exponentially_and_counted() -> None:
    for absorption in (0.0, 1.0, 3.0):
        share = counted(absorption, EXPOSURE)
        assert share.mean() == pytest.approx(np.exp(-absorption), rel=0.01)
        photons = share * EXPOSURE.photons
        assert photons.var() == pytest.approx(photons.mean(), rel=0.1)  # Poisson


def test_fewer_photons_are_noisier_and_none_is_still_above_zero() -> None:
    few = counted(1.0, replace(EXPOSURE, photons=100.0))
    assert few.std() > 5 * counted(1.0, EXPOSURE).std()
    assert counted(50.0, EXPOSURE).min() > 0


def test_scatter_reaches_behind_metal() -> None:
    absorption = np.zeros((60, 80), np.float32)
    absorption[20:40, 30:50] = 20.0
    rng = np.random.default_rng(0)
    share = detected(rng, absorption, GRID, replace(EXPOSURE, scatter=0.3))
    assert 0.02 < share[30, 40] < 0.3
    assert haze(np.ones((60, 80), np.float32), GRID) == pytest.approx(1.0, abs=1e-3)


def test_the_body_gets_the_grey_values_that_were_asked_for() -> None:
    rng = np.random.default_rng(0)
    body = np.zeros((60, 80), bool)
    body[:, 20:60] = True
    for scale in (1.0, 3.0):
        share = np.exp(-scale * rng.uniform(0, 2, (60, 80)) * body)
        grey = develop(share, body, EXPOSURE)
        assert np.median(grey[body]) == pytest.approx(0.3, abs=0.01)
        assert np.quantile(grey[body], 0.97) == pytest.approx(0.9, abs=0.01)
        assert grey[~body].max() < 0.3
    assert np.isfinite(develop(np.ones((6, 8)), np.zeros((6, 8), bool), EXPOSURE)).all()


def test_the_blades_leave_a_field_that_holds_its_box() -> None:
    closed = []
    for seed in range(30):
        field, (top, bottom, left, right) = collimator(
            np.random.default_rng(seed), Grid(100, 80, 1)
        )
        assert 0 <= top < bottom <= 100 and 0 <= left < right <= 80
        assert field[top:bottom, left:right].min() > 0.5
        closed.append(np.mean(field == 0))
    assert min(closed) == 0 and 0.1 < max(closed) < 0.6
