from __future__ import annotations

import numpy as np
import pytest

from pipelines.datasets.phantoms.grid import Grid
from pipelines.datasets.phantoms.section import Dyes, cells, shares, stained_section
from pipelines.datasets.phantoms.tissue_plan import (
    BACKGROUND,
    EPITHELIUM,
    NECROSIS,
    STROMA,
    Architecture,
    Plan,
    draw_plan,
)

GRID = Grid(200, 200, 2.0)


@pytest.fixture(scope="module")
def made() -> tuple[Plan, Dyes]:
    architecture = Architecture(0.7, 45.0, 0.1, 16.0, 25.0)
    for seed in range(20):
        rng = np.random.default_rng(seed)
        plan = draw_plan(rng, GRID, architecture)
        if plan.lumen.any() and len(np.unique(plan.labels)) == 4 and plan.cleft.any():
            return plan, stained_section(rng, GRID, plan)
    raise AssertionError("no plan holds everything")


def test_amounts_are_of_the_plane_and_not_negative(made: tuple[Plan, Dyes]) -> None:
    for amount in made[1]:
        assert amount.shape == (200, 200) and amount.dtype == np.float32 and amount.min() >= 0


def test_each_tissue_takes_its_dyes(made: tuple[Plan, Dyes]) -> None:
    plan, (haematoxylin, eosin) = made
    solid = (plan.labels == EPITHELIUM) & ~plan.lumen
    regions = {label: plan.labels == label for label in (BACKGROUND, STROMA, NECROSIS)}
    blue = {label: haematoxylin[region].mean() for label, region in regions.items()}
    pink = {label: eosin[region].mean() for label, region in regions.items()}
    assert haematoxylin[solid].mean() > max(blue.values())
    assert pink[STROMA] > 1.3 * eosin[solid].mean()
    assert pink[NECROSIS] > 1.3 * eosin[solid].mean()
    assert max(blue[BACKGROUND], pink[BACKGROUND]) < 0.06


def test_lumen_and_clefts_are_nearly_empty(made: tuple[Plan, Dyes]) -> None:
    plan, (haematoxylin, eosin) = made
    assert haematoxylin[plan.lumen].mean() < 0.12
    assert eosin[plan.cleft].mean() < 0.7 * eosin[plan.labels == STROMA].mean()


def test_cells_have_a_tone_each_and_borders_between_them() -> None:
    tone, border = cells(np.random.default_rng(0), GRID, 20.0)
    assert tone.shape == border.shape == (200, 200)
    steps = np.diff(tone, axis=1) != 0
    assert 0.02 < steps.mean() < 0.2
    assert border[:, 1:][steps].mean() > 5 * border[:, 1:][~steps].mean()


def test_shares_soften_a_border_and_keep_the_sum() -> None:
    region = np.zeros((40, 40), bool)
    region[:, 20:] = True
    soft = shares(region, Grid(40, 40, 0.5)) + shares(~region, Grid(40, 40, 0.5))
    assert np.allclose(soft, 1, atol=1e-5)
