"""Metal in a bone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from pipelines.datasets.phantoms.bone_shape import Bone
from pipelines.datasets.phantoms.film import Film, blank_film
from pipelines.datasets.phantoms.grid import Grid
from pipelines.datasets.phantoms.implant import (
    lay_implant,
    nail,
    plate_aside,
    plate_in_front,
    rod,
    wires,
)

Lay = Callable[[np.random.Generator, Film, Bone, float], None]
BONE = Bone("tibia", (-150.0, 0.0), (150.0, 0.0), radius=12.0)
FINGER = Bone("phalanx", (-20.0, 0.0), (20.0, 0.0), radius=4.0)


@pytest.mark.parametrize(
    ("kind", "bone"), [(plate_in_front, BONE), (plate_aside, BONE), (nail, BONE), (wires, FINGER)]
)
def test_each_implant_is_dense_thin_and_near_the_bone(kind: Lay, bone: Bone) -> None:
    for seed in range(4):
        film = blank_film(np.random.default_rng(0), Grid(330, 100, 1.0), (0.0, 0.0), 0.0, False)
        kind(np.random.default_rng(seed), film, bone, 0.1 * bone.half)
        metal = film.metal > 1
        assert 0.0005 < metal.mean() < 0.15
        assert np.abs(film.across[metal]).max() < 30 and film.metal.min() >= 0
        assert film.metal.max() < 60


@pytest.mark.parametrize("bone", [BONE, FINGER])
def test_one_of_the_kinds_that_suit_the_bone_is_laid(bone: Bone) -> None:
    kinds = set()
    for seed in range(8):
        film = blank_film(np.random.default_rng(0), Grid(330, 100, 1.0), (0.0, 0.0), 0.0, False)
        lay_implant(np.random.default_rng(seed), film, bone, 0.0)
        assert film.metal.max() > 0.8
        kinds.add(round(float(film.metal.sum())))
    assert len(kinds) > 2


def test_a_rod_is_thickest_in_its_middle() -> None:
    u, v = np.mgrid[-5:6:1.0, -3:4:1.0].astype(np.float32)
    path = rod(u, v, half=4.0, radius=2.0)
    assert path[5, 3] == pytest.approx(4.0) and path[0, 3] == 0 and path[5, 0] == 0
