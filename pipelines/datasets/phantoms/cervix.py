"""A maternal cervix as a probe in the vagina sees it: canal, bladder, the fetal head above it."""

from __future__ import annotations

import numpy as np

from pipelines.datasets.phantoms.fan import Fan
from pipelines.datasets.phantoms.fields import wavy_line
from pipelines.datasets.phantoms.scene import Frame, Scene, empty_scene, within
from pipelines.datasets.phantoms.womb import FLUID, FLUID_LOSS


def draw_cervix(rng: np.random.Generator, fan: Fan, target: float) -> Scene:
    """Draw the plane of a cervix.

    Args:
        rng: Decides everything.
        fan: Where.
        target: Depth of the cervix's middle, mm.
    """
    scene = pelvis(rng, fan)
    side = rng.choice([-1.0, 1.0])
    half = (rng.uniform(0.75, 1.0) * target, rng.uniform(0.34, 0.46) * target)
    neck = Frame((target, side * 0.1 * target), half, side * rng.uniform(0.0, 0.5))
    rectum(rng, scene, target)
    amnion(rng, scene, neck, side)
    if rng.random() < 0.6:
        bladder(rng, scene, neck, side)
    stroma(rng, scene, neck)
    canal(rng, scene, neck, side)
    return scene


def pelvis(rng: np.random.Generator, fan: Fan) -> Scene:
    """Draw soft tissue below a probe that rings a little."""
    scene = empty_scene(rng, fan, -5.0, 0.6)
    scene.echo += 3 * scene.field(rng, 2.5, 5.0) + 3 * scene.field(rng, 8.0, 14.0)
    scene.fibres(rng, (1.5, 12.0), rng.uniform(6.0, 12.0), np.ones_like(scene.echo))
    ringing = 18.0 * np.cos(2 * np.pi * fan.grid.depth / 1.8) * np.exp(-fan.grid.depth / 1.6)
    scene.echo += ringing.astype(np.float32)
    return scene


def stroma(rng: np.random.Generator, scene: Scene, neck: Frame) -> None:
    """Fill the cervix: even, fibrous tissue with an outline."""
    distance = neck.distance(scene)
    level = rng.uniform(-8.0, 2.0)
    scene.fill(distance, level + 2 * scene.field(rng, 2.0, 6.0), 0.65, edge=1.5)
    scene.fibres(rng, (1.0, 8.0), 8.0, within(distance))
    scene.line(distance, rng.uniform(-4.0, 8.0) + 4 * scene.field(rng, 6.0, 8.0), 0.8)


def canal(rng: np.random.Generator, scene: Scene, neck: Frame, side: float) -> None:
    """Draw the canal along the axis: a line between dark glands; sometimes a funnel at its end."""
    bend = rng.uniform(-0.25, 0.25) * neck.half[1]
    glands = neck.part(0.0, 0.0, (0.8, rng.uniform(0.1, 0.24)))
    scene.echo -= rng.uniform(5.0, 14.0) * within(glands.bar(scene, bend), 1.2)
    line = neck.part(0.0, 0.0, (0.88, 0.012))
    level = rng.uniform(-4.0, 8.0) + 6 * scene.field(rng, 3.0, 4.0)
    scene.line(line.bar(scene, bend), level, 0.5, diffuse=0.4)
    if rng.random() < 0.4:
        funnel = neck.part(-side * 0.92, 0.0, (0.2, 0.16))
        scene.fill(funnel.distance(scene), FLUID, FLUID_LOSS)


def amnion(rng: np.random.Generator, scene: Scene, neck: Frame, side: float) -> None:
    """Draw the amniotic fluid and the fetal head beyond the inner end of the canal."""
    reach = neck.half[0]
    middle = neck.at(-side * rng.uniform(1.5, 1.8), 0.0)
    centre = (middle[0] + rng.uniform(0.0, 0.7) * reach, middle[1])
    half = (rng.uniform(0.7, 0.9) * reach, rng.uniform(0.7, 1.1) * reach)
    fluid = Frame(centre, half, rng.uniform(-0.4, 0.4))
    distance = fluid.distance(scene)
    scene.fill(distance, FLUID + 6.0 + 5 * scene.field(rng, 5.0, 8.0), FLUID_LOSS)
    scene.line(distance, 4.0 + 4 * scene.field(rng, 5.0, 5.0), 0.6)
    if rng.random() < 0.55:
        skull = Frame(fluid.at(-0.3 * side, 0.5), (1.05 * reach, 0.85 * reach), 0.0)
        distance = np.maximum(skull.distance(scene), distance + 1.5)
        scene.fill(distance, -22.0 + 4 * scene.field(rng, 3.0, 5.0), 0.5)
        level = rng.uniform(2.0, 16.0) + 6 * scene.field(rng, 5.0, 5.0)
        scene.bone(np.abs(distance + 0.9) - 0.9, level, rng.uniform(3.0, 6.0))


def bladder(rng: np.random.Generator, scene: Scene, neck: Frame, side: float) -> None:
    """Draw the bladder: a wedge of urine between the probe and the cervix's inner end."""
    half = (rng.uniform(0.25, 0.5) * neck.half[0], rng.uniform(0.2, 0.4) * neck.half[1])
    wedge = Frame(neck.at(-side * 0.75, -1.15), half, neck.turn - side * 0.5)
    distance = wedge.distance(scene)
    scene.fill(distance, FLUID, FLUID_LOSS)
    scene.line(distance, 6.0, 0.6)


def rectum(rng: np.random.Generator, scene: Scene, target: float) -> None:
    """Draw the gut's near wall beyond the cervix: bright, in pieces, with gas shadows."""
    course = target * rng.uniform(1.45, 1.8) + wavy_line(rng, scene.grid, 2.5, 14.0)
    distance = course - scene.grid.depth + 0 * scene.echo
    pieces = np.clip(0.3 + scene.field(rng, 15.0, 7.0), 0.0, 1.5)
    scene.line(distance, 4.0 + 9.0 * pieces, 1.2)
    scene.attenuation += (1.2 * pieces * within(distance)).astype(np.float32)
