"""What an examination shows beside its standard planes: pieces of a fetus, aslant and by chance."""

from __future__ import annotations

import numpy as np

from pipelines.datasets.phantoms.fetal_limb import draw_shaft, draw_thigh
from pipelines.datasets.phantoms.scene import Frame, Scene, within
from pipelines.datasets.phantoms.womb import FLUID, FLUID_LOSS


def draw_pieces(rng: np.random.Generator, scene: Scene, room: Frame) -> None:
    """Scatter a limb, a row of vertebrae, cord loops, an oblique body: two to four of them.

    Args:
        rng: Decides everything that the frame leaves open.
        scene: Changed in place.
        room: Where they lie.
    """
    kinds = rng.permutation(len(PIECES))[: int(rng.integers(2, 5))]
    for kind in sorted(kinds):
        along, across = rng.uniform(-0.4, 0.4, 2)
        PIECES[kind](rng, scene, room.part(along, across, (1.0, 1.0), rng.uniform(-0.6, 0.6)))


def oblique_body(rng: np.random.Generator, scene: Scene, room: Frame) -> None:
    """Draw a part of a body cut aslant: an outline, organs of several levels, no landmark."""
    waves = tuple((float(n), rng.normal(0, 0.35 / n), rng.uniform(0, 6.3)) for n in range(2, 6))
    half = (rng.uniform(0.6, 0.9) * room.half[0], rng.uniform(0.25, 0.45) * room.half[1])
    body = Frame(room.centre, half, room.turn, waves)
    spot = scene.near(body, reach=1.5)
    skin = body.distance(spot)
    spot.fill(skin, -8.0 + 4 * spot.field(rng, 3.0, 6.0) + 2 * spot.field(rng, 1.5, 2.5), 0.55)
    spot.line(skin, rng.uniform(0.0, 14.0) + 5 * spot.field(rng, 5.0, 6.0), 0.7)
    spot.fibres(rng, (2.0, 7.0), rng.uniform(6.0, 14.0), within(skin))
    for _ in range(int(rng.integers(1, 5))):
        extent = (rng.uniform(0.1, 0.4), rng.uniform(0.1, 0.4))
        along, across = rng.uniform(-0.5, 0.5, 2)
        organ = body.part(along, across, extent, rng.uniform(0.0, 3.0))
        window = scene.near(organ)
        distance = organ.distance(window) + 0.8 * window.field(rng, 3.0, 4.0)
        level = float(rng.choice([FLUID, -20.0, -2.0, -14.0]))
        window.fill(distance, level + 3 * window.field(rng, 1.5, 2.5), 0.4)
        window.line(distance, rng.uniform(-10.0, 6.0), 0.5)


def limb(rng: np.random.Generator, scene: Scene, room: Frame) -> None:
    """Draw a short piece of a limb, mostly aslant."""
    half = (rng.uniform(0.12, 0.25) * room.half[0], rng.uniform(0.8, 1.5))
    shaft = Frame(room.centre, half, rng.uniform(-1.2, 1.2))
    draw_thigh(rng, scene, shaft)
    draw_shaft(rng, scene, shaft, 0.0, rng.uniform(4.0, 10.0))


def vertebrae(rng: np.random.Generator, scene: Scene, room: Frame) -> None:
    """Draw a row of vertebrae in soft tissue, each with its shadow."""
    count = int(rng.integers(7, 15))
    bend, lift = rng.uniform(-0.3, 0.3), rng.uniform(0.1, 0.18)
    bed = room.part(0.0, 0.6 * bend, (1.1, 0.4))
    spot = scene.near(bed)
    spot.fill(bed.distance(spot), -12.0 + 3 * spot.field(rng, 2.0, 6.0), 0.6, edge=1.5)
    for number in range(count):
        along = 2.0 * number / count - 1.0 + rng.normal(0, 0.01)
        for across in (-lift, lift):
            if rng.random() < 0.12:
                continue
            half = (rng.uniform(0.4, 0.65) / count, rng.uniform(0.02, 0.05))
            place = across * rng.uniform(0.9, 1.1) + bend * (1 - along**2)
            body = room.part(along, place, half, -bend * along)
            window = scene.near(body)
            window.bone(body.distance(window), rng.uniform(2.0, 15.0), rng.uniform(1.0, 4.0))


def cord(rng: np.random.Generator, scene: Scene, room: Frame) -> None:
    """Draw cord loops: jelly with vessels."""
    for _ in range(int(rng.integers(2, 7))):
        along, across = rng.uniform(-0.6, 0.6, 2)
        loop = room.part(along, across, (0.17, 0.12), rng.uniform(0, 3.0))
        spot = scene.near(loop)
        spot.fill(loop.distance(spot), -10.0 + 3 * spot.field(rng, 1.5, 2.0), 0.4)
        for aside in (-0.45, 0.45):
            vessel = loop.part(0.0, aside, (0.7, 0.24)).distance(spot)
            spot.fill(vessel, FLUID, FLUID_LOSS)
            spot.line(vessel, rng.uniform(-4.0, 5.0), 0.4)


PIECES = (oblique_body, limb, vertebrae, cord)
