"""A fetal head: a skull that shadows, brain within, and what tells the planes apart."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.datasets.phantoms.fan import make_fan
from pipelines.datasets.phantoms.fetal_head import PLANES, draw_head
from pipelines.datasets.phantoms.scene import Frame, Scene, empty_scene

HEAD = Frame((60.0, 0.0), (40.0, 31.0))


def drawn(plane: str, seed: int = 0) -> Scene:
    fan = make_fan(50.0, 0.6, 120.0, 60.0, 160)
    rng = np.random.default_rng(seed)
    scene = empty_scene(rng, fan, 0.0, 0.5)
    draw_head(rng, scene, HEAD, plane)
    return scene


@pytest.mark.parametrize("plane", PLANES)
def test_the_skull_is_brighter_than_the_brain_and_absorbs_more(plane: str) -> None:
    scene = drawn(plane)
    distance = HEAD.distance(scene)
    facing = np.abs(scene.lateral) < 10
    skull, brain = facing & (np.abs(distance + 1) < 0.5), distance < -5
    assert np.median(scene.echo[skull]) > 8 > -10 > np.median(scene.echo[brain])
    assert np.median(scene.attenuation[skull]) > 1.5 > np.median(scene.attenuation[brain])


def test_each_plane_has_its_landmark() -> None:
    def level(plane: str, along: float, across: float, half: tuple[float, float]) -> float:
        levels = []
        for seed in range(6):
            scene = drawn(plane, seed)
            spot = HEAD.part(along, across, half).distance(scene) < 0
            levels.append(float(np.mean(scene.echo[spot])))
        return float(np.mean(levels))

    cistern = (-0.78, 0.0, (0.06, 0.2))
    assert level("Trans-cerebellum", *cistern) < level("Trans-thalamic", *cistern) - 8
    horn = (-0.28, 0.36, (0.1, 0.06))  # the far one's choroid plexus
    assert level("Trans-ventricular", *horn) > level("Trans-thalamic", *horn) + 5
    thalamus = (0.02, 0.24, (0.12, 0.08))
    assert level("Trans-thalamic", *thalamus) < level("Trans-cerebellum", *thalamus)
