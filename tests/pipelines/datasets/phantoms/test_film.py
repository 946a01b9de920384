"""The film under a limb."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.datasets.phantoms.film import blank_film, span
from pipelines.datasets.phantoms.grid import Grid

GRID = Grid(100, 80, 2.0)


def test_the_limb_lies_over_the_film_as_asked_for() -> None:
    film = blank_film(np.random.default_rng(0), GRID, (30.0, 5.0), 0.0, mirrored=False)
    assert film.along[50, 40] == pytest.approx(30, abs=5)
    assert film.along[-1, 40] - film.along[0, 40] == pytest.approx(198, abs=8)
    turned = blank_film(np.random.default_rng(0), GRID, (30.0, 5.0), np.pi / 2, mirrored=False)
    assert turned.across[-1, 40] - turned.across[0, 40] == pytest.approx(198, abs=8)
    mirrored = blank_film(np.random.default_rng(0), GRID, (0.0, 0.0), 0.0, mirrored=True)
    assert mirrored.across[50, 0] > 0 > mirrored.across[50, -1]


def test_what_is_laid_over_a_window_is_laid_over_the_film() -> None:
    film = blank_film(np.random.default_rng(0), GRID, (0.0, 0.0), 0.0, mirrored=False)
    spot = film.near([(-20.0, 0.0), (20.0, 0.0)], margin=10.0)
    assert 0 < spot.cortex.size < film.cortex.size / 3
    spot.cortex += 5
    assert film.cortex.max() == 5 and film.cortex[0, 0] == 0
    assert film.near([(900.0, 900.0)], 1.0).cortex.size == 0
    assert span(np.zeros(3, bool)) == slice(0, 0)
