"""A fetal trunk cut across: the abdomen at the stomach, the thorax at the four chambers."""

from __future__ import annotations

import numpy as np

from pipelines.datasets.phantoms.grid import Floats, Range
from pipelines.datasets.phantoms.scene import Frame, Scene, within
from pipelines.datasets.phantoms.womb import FLUID, FLUID_LOSS

BLOOD = -44.0  # dB


def draw_abdomen(rng: np.random.Generator, scene: Scene, trunk: Frame, spine: float) -> None:
    """Put an abdomen into a scene: liver, stomach bubble, umbilical vein, spine, rib ends.

    Args:
        rng: Decides everything that the frame leaves open.
        scene: Changed in place.
        trunk: The outline of the wall.
        spine: Where the spine lies on the outline, rad from the trunk's axis.
    """
    scene = scene.near(trunk, reach=1.0)
    fill_trunk(rng, scene, trunk, level=rng.uniform(-7.0, -1.0))
    ribs(rng, scene, trunk, spine, count=int(rng.integers(1, 4)), reach=(0.5, 1.2))
    inner = turned(trunk, spine)
    side = rng.choice([-1.0, 1.0])
    stomach = inner.part(0.05, side * 0.48, (rng.uniform(0.24, 0.34), rng.uniform(0.16, 0.23)), 0.4)
    hole(rng, scene, stomach, rng.uniform(-2.0, 4.0))
    vein = inner.part(-0.3, -side * 0.08, (rng.uniform(0.17, 0.27), 0.05), -side * 0.25)
    spot = scene.near(vein)
    cut(rng, spot, vein.bar(spot, side * rng.uniform(1.0, 3.0)), rng.uniform(-2.0, 6.0), FLUID)
    hole(rng, scene, inner.part(0.62, side * 0.1, (0.07, 0.07)), 2.0, BLOOD)
    if rng.random() < 0.6:
        hole(rng, scene, inner.part(0.5, -side * 0.18, (0.06, 0.06)), 0.0, BLOOD)
    for _ in range(int(rng.integers(2, 8))):
        half = (rng.uniform(0.04, 0.12), rng.uniform(0.015, 0.03))
        along, across = rng.uniform(-0.5, 0.4, 2)
        branch = inner.part(along, across, half, rng.uniform(0, 3))
        hole(rng, scene, branch, -2.0, BLOOD)
    vertebra(rng, scene, inner)


def draw_thorax(rng: np.random.Generator, scene: Scene, trunk: Frame, spine: float) -> None:
    """Put a thorax into a scene: lungs, ribs, the heart with four chambers, aorta and spine.

    Args:
        rng: Decides everything that the frame leaves open.
        scene: Changed in place.
        trunk: The outline of the wall.
        spine: Where the spine lies on the outline, rad from the trunk's axis.
    """
    scene = scene.near(trunk, reach=1.0)
    fill_trunk(rng, scene, trunk, level=rng.uniform(-4.0, 2.0))
    ribs(rng, scene, trunk, spine, count=int(rng.integers(3, 6)), reach=(0.35, 2.6))
    inner = turned(trunk, spine)
    side = rng.choice([-1.0, 1.0])
    size = rng.uniform(0.6, 0.74)
    heart = inner.part(-0.2, side * 0.1, (size, 0.78 * size), side * rng.uniform(-1.1, -0.6))
    draw_heart(rng, scene, heart)
    hole(rng, scene, inner.part(0.55, side * 0.12, (0.08, 0.08)), 4.0, BLOOD)
    vertebra(rng, scene, inner)


def draw_heart(rng: np.random.Generator, scene: Scene, heart: Frame) -> None:
    """Draw a heart whose apex points to minus its axis: muscle, chambers, septum and valves."""
    scene = scene.near(heart)
    distance = heart.distance(scene)
    scene.fill(distance, -9.0 + 3 * scene.field(rng, 1.5, 2.5), 0.6)
    scene.line(distance, rng.uniform(-6.0, 3.0) + 4 * scene.field(rng, 3.0, 4.0), 0.6)
    for across in (-1.0, 1.0):
        width = rng.uniform(0.26, 0.34)
        lower = heart.part(-0.22, across * 0.4, (rng.uniform(0.42, 0.54), width), across * 0.25)
        upper = heart.part(0.55, across * 0.38, (0.26, rng.uniform(0.26, 0.34)), across * 0.3)
        for chamber, level in ((lower, -4.0), (upper, -6.0)):
            hole(rng, scene, chamber, level, BLOOD)
        valve = heart.part(0.3, across * 0.3, (0.15, 0.01), across * rng.uniform(-0.7, 0.5))
        scene.line(valve.bar(scene), rng.uniform(-6.0, 6.0), 0.5, diffuse=0.5)
    septum = heart.part(-0.2, 0.0, (0.6, 0.04)).bar(scene, rng.uniform(-0.6, 0.6), flare=-0.4)
    scene.fill(septum, rng.uniform(-9.0, -2.0), 0.6)
    scene.line(septum, rng.uniform(0.0, 9.0) + 5 * scene.field(rng, 3.0, 3.0), 0.5)
    scene.fill(heart.part(0.28, 0.0, (0.06, 0.06)).distance(scene), 2.0, 0.6)


def fill_trunk(rng: np.random.Generator, scene: Scene, trunk: Frame, level: float) -> None:
    """Fill the wall (skin, fat, muscle) and what it holds."""
    skin = trunk.distance(scene)
    thickness = rng.uniform(0.06, 0.12) * trunk.half[1]
    scene.fill(skin, -11.0 + 3 * scene.field(rng, 2.0, 4.0), 0.6)
    scene.line(skin + 0.6, rng.uniform(4.0, 14.0), 0.7, diffuse=0.3)
    body = skin + thickness
    scene.line(body, rng.uniform(-2.0, 8.0) + 4 * scene.field(rng, 4.0, 6.0), 0.6)
    texture = 2.5 * scene.field(rng, 1.5, 2.5) + 3.0 * scene.field(rng, 5.0, 8.0)
    scene.fill(body, level + texture, 0.55)
    scene.fibres(rng, (1.6, 4.0), rng.uniform(4.0, 11.0), within(body))


def turned(trunk: Frame, spine: float) -> Frame:
    """Take a trunk's inside with its axis turned to the spine (which lies at +1)."""
    half = 0.93 * float(np.sqrt(trunk.half[0] * trunk.half[1]))
    return Frame(trunk.centre, (half, half), trunk.turn + spine)


def hole(
    rng: np.random.Generator, scene: Scene, frame: Frame, wall: float, level: float = FLUID
) -> None:
    """Cut an oval space that holds fluid, with a wall of so many dB where it faces the beam."""
    spot = scene.near(frame)
    cut(rng, spot, frame.distance(spot), wall, level)


def cut(
    rng: np.random.Generator, scene: Scene, distance: Floats, wall: float, level: float
) -> None:
    """Cut a space that holds fluid where `distance` (mm) is negative."""
    scene.fill(distance, level + 3 * scene.field(rng, 3.0, 4.0), FLUID_LOSS, edge=0.45)
    scene.line(distance, wall + 4 * scene.field(rng, 2.0, 3.0), 0.5)


def ribs(
    rng: np.random.Generator, scene: Scene, trunk: Frame, spine: float, count: int, reach: Range
) -> None:
    """Lay rib arcs into the wall on both sides, between two angles from the spine (rad)."""
    depth = rng.uniform(0.08, 0.13) * trunk.half[1]
    across = np.abs(trunk.distance(scene) + depth)
    u, v = trunk.local(scene)
    angle = np.arctan2(v / trunk.half[1], u / trunk.half[0]) - spine
    angle = (angle + np.pi) % (2 * np.pi) - np.pi
    for number in range(count):
        middle = rng.uniform(*reach) * (-1) ** number
        along = (np.abs(angle - middle) - rng.uniform(0.1, 0.5)) * trunk.half[1]
        distance = np.maximum(along, across - rng.uniform(0.6, 1.1)).astype(np.float32)
        scene.bone(distance, rng.uniform(6.0, 18.0), rng.uniform(2.0, 5.0))


def vertebra(rng: np.random.Generator, scene: Scene, inner: Frame) -> None:
    """Draw the three ossification centres of a vertebra, which cast a shadow."""
    lean = rng.uniform(-0.06, 0.06)
    for along, across in ((0.76, 0.0), (0.92, -0.16), (0.92, 0.16)):
        half = (rng.uniform(0.05, 0.09), rng.uniform(0.05, 0.09))
        spot = inner.part(along, across + lean, half)
        window = scene.near(spot)
        window.bone(spot.distance(window), rng.uniform(6.0, 18.0), rng.uniform(4.0, 10.0))
