"""Fetal limbs: a thigh with its femur, whose face is bright and which casts a shadow."""

from __future__ import annotations

import numpy as np

from pipelines.datasets.phantoms.scene import Frame, Scene, within


def draw_femur(rng: np.random.Generator, scene: Scene, shaft: Frame) -> None:
    """Put a thigh with its femur into a scene, and now and then the other thigh beyond it.

    Args:
        rng: Decides everything that the frame leaves open.
        scene: Changed in place.
        shaft: The bone: half its length and half its thickness, mm.
    """
    bend = rng.uniform(0.0, 0.1) * shaft.half[0]
    if rng.random() < 0.4:
        lean = rng.uniform(-0.5, 0.5)
        other = Frame(
            (shaft.centre[0] + rng.uniform(0.6, 0.9) * shaft.half[0], shaft.centre[1]),
            (rng.uniform(0.5, 0.95) * shaft.half[0], shaft.half[1]),
            shaft.turn + lean,
        )
        draw_thigh(rng, scene, other)
        draw_shaft(rng, scene, other, -bend, rng.uniform(4.0, 9.0))
    draw_thigh(rng, scene, shaft)
    draw_shaft(rng, scene, shaft, bend, rng.uniform(6.0, 14.0))


def draw_thigh(rng: np.random.Generator, scene: Scene, shaft: Frame) -> None:
    """Draw the soft parts round a shaft: skin, muscle with its fibres, dark ends of cartilage."""
    length = shaft.half[0]
    half = (rng.uniform(1.2, 1.6) * length, rng.uniform(0.35, 0.65) * length)
    waves = tuple((float(n), rng.normal(0, 0.12 / n), rng.uniform(0, 6.3)) for n in range(2, 5))
    thigh = Frame(shaft.at(rng.uniform(-0.3, 0.3), 0.0), half, shaft.turn, waves)
    spot = scene.near(thigh)
    skin = thigh.distance(spot)
    spot.fill(skin, rng.uniform(-18.0, -10.0) + 3 * spot.field(rng, 1.5, 6.0), 0.6)
    spot.fibres(rng, (1.2, 12.0), rng.uniform(8.0, 16.0), within(skin))
    spot.line(skin, rng.uniform(0.0, 12.0) + 4 * spot.field(rng, 5.0, 8.0), 0.6)
    for end in (-1.0, 1.0):
        knob = Frame(shaft.at(end * 1.15, 0.0), (0.2 * length, 0.17 * length), shaft.turn)
        spot = scene.near(knob)
        distance = knob.distance(spot)
        spot.fill(distance, -22.0 + 3 * spot.field(rng, 2.0, 3.0), 0.5, edge=1.0)
        spot.line(distance, rng.uniform(-14.0, 2.0) + 5 * spot.field(rng, 2.0, 3.0), 0.5)


def draw_shaft(
    rng: np.random.Generator, scene: Scene, shaft: Frame, bend: float, loss: float
) -> None:
    """Draw a bony shaft: bright where it faces the beam, dark behind."""
    spot = scene.near(shaft)
    level = rng.uniform(14.0, 26.0) + 3 * spot.field(rng, 6.0, 6.0)
    spot.bone(shaft.bar(spot, bend, flare=rng.uniform(0.0, 0.7)), level, loss)
