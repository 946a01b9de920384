"""A thigh with its femur."""

from __future__ import annotations

import numpy as np

from pipelines.datasets.phantoms.fan import make_fan
from pipelines.datasets.phantoms.fetal_limb import draw_femur
from pipelines.datasets.phantoms.scene import Frame, empty_scene


def test_the_shaft_is_bright_and_absorbs_among_darker_muscle() -> None:
    fan = make_fan(50.0, 0.6, 100.0, 50.0, 250)
    shaft = Frame((50.0, 0.0), (22.0, 1.0))
    for seed in range(6):
        rng = np.random.default_rng(seed)
        scene = empty_scene(rng, fan, 0.0, 0.5)
        draw_femur(rng, scene, shaft)
        bone = scene.attenuation > 3
        assert scene.echo[bone].mean() > 5
        width = np.ptp(scene.lateral[bone])
        assert 36 < width < 75  # the other thigh may lie aslant beside it
        above = (np.abs(scene.depth - 45) < 2) & (np.abs(scene.lateral) < 10) & ~bone
        assert np.median(scene.echo[above]) < -4
