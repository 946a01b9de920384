"""The bones and the flesh of the regions."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.datasets.phantoms.bone_shape import lay_bone
from pipelines.datasets.phantoms.film import Film, blank_film
from pipelines.datasets.phantoms.grid import Grid
from pipelines.datasets.phantoms.limb import REGIONS, Flesh, lay_flesh


def empty(height: float, centre: float) -> Film:
    return blank_film(np.random.default_rng(0), Grid(150, 120, height / 150), (centre, 0), 0, False)


@pytest.mark.parametrize("region", REGIONS)
def test_bones_lie_in_flesh_and_some_can_break(region: str) -> None:
    for seed in range(5):
        limb = REGIONS[region](np.random.default_rng(seed))
        assert {bone.name for bone in limb.bones} >= set(limb.breakable)
        able = [bone for bone in limb.bones if bone.name in limb.breakable]
        film = empty(limb.height[1], float(np.mean([bone.axes()[0][0] for bone in able])))
        lay_flesh(film, limb.flesh)
        for bone in limb.bones:
            lay_bone(film, bone)
        solid = film.cortex + film.marrow > 3
        assert 0.02 < solid.mean() < 0.6
        assert np.mean(film.flesh[solid] > 3) > 0.97
        assert film.flesh.max() < 170


def test_a_hand_has_its_twenty_seven_bones() -> None:
    names = [bone.name for bone in REGIONS["hand"](np.random.default_rng(0)).bones]
    assert [names.count(name) for name in ("carpal", "metacarpal", "phalanx")] == [8, 5, 14]


def test_flesh_is_as_thick_as_it_is_wide_unless_flat() -> None:
    for flat in (1.0, 0.5):
        film = empty(150.0, 0.0)
        lay_flesh(film, [Flesh((-50.0, 0.0), (50.0, 0.0), (20.0, 30.0), flat)])
        assert film.flesh[25:30].max() == pytest.approx(40 * flat, rel=0.05)
        assert film.flesh[120:125].max() == pytest.approx(60 * flat, rel=0.05)
