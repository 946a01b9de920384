"""What surrounds a fetus: fluid and tissue, with the mother's wall towards the probe."""

from __future__ import annotations

import numpy as np

from pipelines.datasets.phantoms.fan import make_fan
from pipelines.datasets.phantoms.womb import womb

FAN = make_fan(50.0, 0.6, 120.0, 60.0, 100)


def test_it_holds_fluid_below_a_wall_and_both_vary() -> None:
    shares = []
    for seed in range(12):
        scene = womb(np.random.default_rng(seed), FAN, target=60.0)
        assert scene.echo.shape == (FAN.grid.height, FAN.grid.width)
        assert np.isfinite(scene.echo).all() and scene.attenuation.min() > 0
        assert scene.echo[2:6].mean() > -20  # the wall
        shares.append(np.mean(scene.attenuation < 0.2))
    assert min(shares) < 0.2 < 0.3 < max(shares)
