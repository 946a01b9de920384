"""The shape of one bone."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.datasets.phantoms.bone_shape import Bone, lay_bone
from pipelines.datasets.phantoms.film import blank_film
from pipelines.datasets.phantoms.grid import Grid

BONE = Bone("tibia", (-60.0, 0.0), (60.0, 0.0), radius=10.0, flares=(2.0, 1.5), cortex=0.4)


def at(u: float, v: float) -> tuple[float, float]:
    cortex, marrow = BONE.paths(np.full((1, 1), u, np.float32), np.full((1, 1), v, np.float32))
    return float(cortex[0, 0]), float(marrow[0, 0])


def test_the_shaft_is_a_tube_whose_edges_are_dense() -> None:
    middle, edge, beside = (at(0.0, v)[0] for v in (0.0, 7.0, 11.0))
    assert middle == pytest.approx(2 * 0.4 * 10 + 0.5, abs=1)
    assert edge > 1.4 * middle and beside == 0


def test_the_ends_are_wide_and_spongy() -> None:
    assert at(-48.0, 14.0)[1] > 0 == at(0.0, 14.0)[1]
    assert at(-50.0, 0.0)[1] > 3 * at(0.0, 0.0)[1]
    assert at(-50.0, 0.0)[0] < at(0.0, 0.0)[0]
    assert at(61.0, 0.0) == (0.0, 0.0)


def test_a_whole_bone_lies_between_its_ends() -> None:
    film = blank_film(np.random.default_rng(0), Grid(160, 100, 1.0), (0.0, 0.0), 0.0, False)
    lay_bone(film, BONE)
    rows = np.flatnonzero((film.cortex + film.marrow > 0).any(axis=1))
    assert np.ptp(rows) == pytest.approx(120, abs=6)
    assert film.cortex.max() < 40 and film.cortex.min() >= 0 and film.marrow.min() >= 0
