from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from pipelines.datasets.phantoms.grid import Grid
from pipelines.datasets.phantoms.tissue_plan import (
    BACKGROUND,
    EPITHELIUM,
    NECROSIS,
    SPECK,
    STROMA,
    Architecture,
    Plan,
    draw_architecture,
    draw_plan,
    island_choice,
    without_specks,
)

GRID = Grid(160, 160, 2.5)
USUAL = Architecture(glandular=0.6, island=50.0, epithelium=0.2, wall=16.0, survival=25.0)


def plans(architecture: Architecture, count: int = 8) -> list[Plan]:
    return [draw_plan(np.random.default_rng([1, i]), GRID, architecture) for i in range(count)]


def test_every_class_has_its_share() -> None:
    labels = np.stack([plan.labels for plan in plans(USUAL, 16)])
    shares = np.bincount(labels.ravel(), minlength=4) / labels.size
    assert labels.dtype == np.uint8 and shares.size == 4
    assert (shares > 0.03).all() and shares[STROMA] < 0.7


def test_necrosis_is_enclosed_by_epithelium_where_no_glass_is() -> None:
    for plan in plans(replace(USUAL, glandular=0.0)):
        dead = plan.labels == NECROSIS
        around = ndimage.binary_dilation(dead) & ~dead
        assert (plan.labels[around] != STROMA).mean() > 0.99
        assert not plan.lumen.any()


def test_glands_have_a_lumen_inside_a_wall_and_count_as_epithelium() -> None:
    found = plans(replace(USUAL, glandular=1.0))
    assert any(plan.lumen.any() for plan in found)
    for plan in found:
        assert (plan.labels[plan.lumen] == EPITHELIUM).all()
        assert (plan.depth[plan.lumen] > 5.0).all()


def test_clefts_are_stroma_and_the_depth_is_that_of_epithelium() -> None:
    for plan in plans(USUAL):
        assert (plan.labels[plan.cleft] == STROMA).all()
        inside = np.isin(plan.labels, [EPITHELIUM, NECROSIS])
        assert ((plan.depth > 0) == inside).all()


def test_glass_is_there_in_most_images() -> None:
    shares = [np.mean(plan.labels == BACKGROUND) for plan in plans(USUAL, 16)]
    assert np.mean(np.array(shares) > 0.02) > 0.6 and max(shares) < 0.9


def test_specks_and_pinholes_go() -> None:
    region = np.zeros((30, 30), bool)
    region[2:12, 2:12] = True
    region[5:7, 5:7] = False
    region[20, 20] = True
    cleaned = without_specks(region, 20)
    assert cleaned[2:12, 2:12].all() and cleaned.sum() == 100
    for plan in plans(USUAL):
        sizes = np.bincount(ndimage.label(plan.labels == NECROSIS)[0].ravel())[1:]
        assert (sizes * GRID.spacing**2 > 0.8 * SPECK).all()


def test_large_islands_are_never_glands() -> None:
    islands = np.zeros((20, 20), bool)
    islands[:3, :3] = islands[6:, :] = True
    chosen = island_choice(np.random.default_rng(0), islands, share=1.0, most=50)
    assert chosen[:3, :3].all() and chosen.sum() == 9


@pytest.mark.parametrize("seed", range(5))
def test_slides_differ_in_architecture(seed: int) -> None:
    one, other = (draw_architecture(np.random.default_rng(seed + i)) for i in (0, 100))
    assert one != other and 0 < one.glandular < 1 and one.wall < one.survival + 5
