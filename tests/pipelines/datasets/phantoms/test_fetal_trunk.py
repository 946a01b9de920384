"""A fetal trunk: fluid where the stomach and the heart are, bone where the spine is."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from pipelines.datasets.phantoms.fan import make_fan
from pipelines.datasets.phantoms.fetal_trunk import draw_abdomen, draw_thorax, turned
from pipelines.datasets.phantoms.scene import Frame, Scene, empty_scene

TRUNK = Frame((60.0, 0.0), (36.0, 34.0))
Draw = Callable[[np.random.Generator, Scene, Frame, float], None]


def drawn(draw: Draw, seed: int) -> Scene:
    fan = make_fan(50.0, 0.6, 120.0, 60.0, 240)
    rng = np.random.default_rng(seed)
    scene = empty_scene(rng, fan, 0.0, 0.5)
    draw(rng, scene, TRUNK, 0.3)
    return scene


@pytest.mark.parametrize("draw", [draw_abdomen, draw_thorax])
def test_it_holds_fluid_within_and_a_vertebra_at_the_spine(draw: Draw) -> None:
    scene = drawn(draw, 1)
    inner = TRUNK.distance(scene) < -5
    assert 0.01 < np.mean(scene.attenuation[inner] < 0.2) < 0.5
    spine = turned(TRUNK, 0.3).part(0.92, 0.0, (0.3, 0.3)).distance(scene) < 0
    assert scene.attenuation[spine].max() > 2.5 and scene.echo[spine].max() > 3


def test_the_heart_holds_more_fluid_than_the_abdomen() -> None:
    def share(draw: Draw) -> float:
        scenes = [drawn(draw, seed) for seed in range(6)]
        dark = (s.attenuation[TRUNK.distance(s) < -5] < 0.2 for s in scenes)
        return float(np.mean([part.mean() for part in dark]))

    assert share(draw_thorax) > 1.3 * share(draw_abdomen)
