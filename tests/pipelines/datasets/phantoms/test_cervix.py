"""The plane of a maternal cervix."""

from __future__ import annotations

import numpy as np

from pipelines.datasets.phantoms.cervix import draw_cervix
from pipelines.datasets.phantoms.fan import make_fan


def test_tissue_fills_the_middle_and_fluid_lies_to_one_side() -> None:
    fan = make_fan(11.0, 1.1, 60.0, 25.0, 200)
    sides = []
    for seed in range(10):
        scene = draw_cervix(np.random.default_rng(seed), fan, target=25.0)
        middle = np.hypot(scene.depth - 25, scene.lateral) < 5
        assert np.mean(scene.attenuation[middle] > 0.4) > 0.8
        fluid = (scene.attenuation < 0.2) | (scene.attenuation > 2.5)
        sides.append(np.sign(np.mean(scene.lateral[fluid])))
    assert len(set(sides)) == 2
