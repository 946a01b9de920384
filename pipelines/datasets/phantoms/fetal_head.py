"""A fetal head in the axial planes of a screening examination.

Source of the landmarks: the ISUOG guideline for the fetal central nervous system,
doi:10.1002/uog.22145: cavum and thalami (transthalamic), ventricle with choroid plexus
(transventricular), cerebellum and cisterna magna (transcerebellar).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pipelines.datasets.phantoms.grid import Floats
from pipelines.datasets.phantoms.scene import Frame, Scene, within
from pipelines.datasets.phantoms.womb import FLUID, FLUID_LOSS

BRAIN = -22.0  # dB


def draw_head(rng: np.random.Generator, scene: Scene, head: Frame, plane: str) -> None:
    """Put a head into a scene.

    Args:
        rng: Decides everything that the frame leaves open.
        scene: Changed in place.
        head: The skull's outer outline; its axis runs from the forehead (or to it).
        plane: A key of `PLANES`.
    """
    scene = scene.near(head, reach=1.0, margin=8.0)
    skull = head.distance(scene)
    scalp = rng.uniform(1.5, 4.0)
    scene.fill(skull - scalp, -8.0 + 3 * scene.field(rng, 2.0, 4.0), 0.6, edge=0.4)
    scene.line(skull - scalp, 0.0, 0.5)
    thickness = rng.uniform(1.6, 3.0)
    level = rng.uniform(16.0, 26.0) + 4 * scene.field(rng, 7.0, 7.0) - suture(rng, scene, head)
    shown = 1 - rng.uniform(0.45, 0.85) * (1 - scene.facing(skull)) ** 2
    level = -18.0 + (level + 18.0) * shown
    scene.fill(skull, level, rng.uniform(2.0, 5.0), edge=0.4)
    fill_brain(rng, scene, skull + thickness)
    midline(rng, scene, head)
    PLANES[plane](rng, scene, head)


def suture(rng: np.random.Generator, scene: Scene, head: Frame) -> Floats:
    """Draw what the skull lacks where a suture crosses it: dB, (H, W)."""
    u, _ = head.local(scene)
    gap = np.exp(-(((u - rng.uniform(-0.9, 0.9) * head.half[0]) / rng.uniform(1.5, 4.0)) ** 2))
    return np.float32(rng.uniform(0.0, 25.0)) * gap


def fill_brain(rng: np.random.Generator, scene: Scene, brain: Floats) -> None:
    """Fill the skull with brain, its sulci, the insula, and the haze below the near bone."""
    base = BRAIN + rng.uniform(-5.0, 4.0) + 4.5 * scene.field(rng, 4.0, 7.0)
    scene.fill(brain, base + 2.5 * scene.field(rng, 1.2, 2.5), 0.45, edge=0.4)
    inside = within(brain)
    rim = np.exp(-((brain + rng.uniform(3.0, 6.0)) ** 2) / 9)
    scene.fibres(rng, (2.2, 6.0), rng.uniform(10.0, 20.0), inside)
    scene.fibres(rng, (1.4, 4.0), rng.uniform(6.0, 18.0), inside * rim)
    centre = np.exp(-((np.minimum(brain, 0) / np.minimum(brain.min(), -1) - 1) ** 2) / 0.35)
    scene.fibres(rng, (1.6, 4.5), rng.uniform(8.0, 20.0), inside * centre)
    upper = np.exp(-np.cumsum(inside, axis=0) * scene.grid.spacing / 14.0)
    scene.echo += np.float32(rng.uniform(2.0, 14.0)) * inside * upper


def midline(rng: np.random.Generator, scene: Scene, head: Frame) -> None:
    """Draw the falx: a bright line along the head's axis, broken where the middle lies."""
    bend = rng.uniform(-0.8, 0.8)
    for start, end in ((-0.88, -0.2), (0.38, 0.9)):
        strip = head.part((start + end) / 2, rng.normal(0, 0.015), ((end - start) / 2, 0.004))
        level = rng.uniform(-14.0, 4.0) + 8 * scene.field(rng, 4.0, 4.0)
        scene.line(strip.bar(scene, bend), level, rng.uniform(0.4, 0.8))


def stroke(
    rng: np.random.Generator, scene: Scene, frame: Frame, level: float, bend: float = 0.0
) -> None:
    """Draw a line along a frame's axis, brighter here and fainter there; bend in mm."""
    spot = scene.near(frame)
    spot.line(frame.bar(spot, bend), level + 7 * spot.field(rng, 2.5, 3.0), 0.5)


def cavum(rng: np.random.Generator, scene: Scene, head: Frame) -> None:
    """Draw the cavum septi pellucidi: a small box of fluid between two lines, in front."""
    box = head.part(rng.uniform(0.38, 0.5), rng.normal(0, 0.02), (0.11, rng.uniform(0.05, 0.09)))
    spot = scene.near(box)
    distance = box.bar(spot)
    spot.fill(distance, FLUID + 12.0, FLUID_LOSS, edge=0.6)
    spot.line(distance, rng.uniform(-12.0, 4.0) + 5 * spot.field(rng, 2.0, 3.0), 0.5)


def thalami(rng: np.random.Generator, scene: Scene, head: Frame) -> None:
    """Draw two dark ovals beside the midline, with lighter edges, as of a heart's shape."""
    cavum(rng, scene, head)
    lean = rng.uniform(0.25, 0.5)
    for side in (-1.0, 1.0):
        oval = head.part(0.02, side * 0.2, (0.26, rng.uniform(0.16, 0.2)), side * lean)
        spot = scene.near(oval)
        distance = oval.distance(spot)
        dark = BRAIN - 7.0 + 2 * spot.field(rng, 2.0, 3.0)
        spot.fill(distance, dark, 0.4, edge=1.0)
        edge = rng.uniform(-24.0, -8.0) + 7 * spot.field(rng, 3.0, 4.0)
        spot.line(distance - 0.6, edge, 0.8, diffuse=0.4)
    stroke(rng, scene, head.part(0.02, 0.0, (0.16, 0.008)), rng.uniform(-8.0, 3.0))
    for side in (-1.0, 1.0):
        insula = head.part(rng.uniform(0.0, 0.2), side * rng.uniform(0.5, 0.64), (0.24, 0.01))
        stroke(rng, scene, insula, rng.uniform(-20.0, -2.0), -side * rng.uniform(0.0, 4.0))


def ventricle(rng: np.random.Generator, scene: Scene, head: Frame) -> None:
    """Draw the ventricles behind: two parallel walls each and choroid plexus between them."""
    cavum(rng, scene, head)
    far = 1.0 if np.cos(head.turn) > 0 else -1.0  # the near one lies in the skull's haze
    for side, shown in ((far, 1.0), (-far, rng.uniform(0.1, 0.6))):
        horn = head.part(-0.42, side * 0.36, (0.36, rng.uniform(0.1, 0.15)), side * 0.16)
        spot = scene.near(horn)
        distance = horn.bar(spot)
        spot.fill(distance, shown * FLUID + (1 - shown) * spot.echo, FLUID_LOSS, edge=0.6)
        spot.line(distance, -22.0 + 26.0 * shown + 4 * spot.field(rng, 3.0, 4.0), 0.55)
        plexus = horn.part(rng.uniform(0.0, 0.3), 0.0, (0.6, 0.8))
        texture = -3.0 + 5 * spot.field(rng, 1.5, 2.0)
        texture = texture * shown + (1 - shown) * spot.echo
        spot.fill(plexus.distance(spot), texture, 0.5)
    stroke(rng, scene, head.part(0.55, far * 0.2, (0.16, 0.01), far * 0.5), -6.0)


def cerebellum(rng: np.random.Generator, scene: Scene, head: Frame) -> None:
    """Draw two round lobes joined by the vermis, and the fluid of the cisterna behind them."""
    cavum(rng, scene, head)
    cistern = head.part(-0.74, 0.0, (0.16, 0.42))
    spot = scene.near(cistern)
    spot.fill(cistern.distance(spot), FLUID + 8.0, FLUID_LOSS, edge=0.8)
    for side in (-1.0, 1.0):
        lobe = head.part(-0.52, side * 0.27, (0.15, 0.25), side * 0.25)
        spot = scene.near(lobe)
        distance = lobe.distance(spot)
        spot.fill(distance, BRAIN + 7.0 + 4 * spot.field(rng, 1.2, 3.0), 0.5)
        spot.line(distance, rng.uniform(-10.0, 2.0), 0.6, diffuse=0.5)
        peduncle = head.part(-0.2, side * 0.14, (0.16, 0.1), -side * 0.3)
        spot = scene.near(peduncle)
        spot.fill(peduncle.distance(spot), BRAIN - 8.0, 0.4, edge=1.0)
    vermis = head.part(-0.52, 0.0, (0.1, 0.1))
    spot = scene.near(vermis)
    spot.fill(vermis.distance(spot), -3.0 + 3 * spot.field(rng, 1.2, 2.0), 0.5)


def face(rng: np.random.Generator, scene: Scene, head: Frame) -> None:
    """Draw an unusual plane: the orbits and the skull base cut, with their shadows."""
    for across in (-0.42, 0.42):
        orbit = head.part(0.7, across, (0.16, 0.22))
        spot = scene.near(orbit)
        distance = orbit.distance(spot)
        spot.fill(distance, FLUID + 14.0, 0.1)
        spot.bone(np.abs(distance) - 0.8, 10.0 + 5 * spot.field(rng, 3.0, 3.0), 4.0)
    for side in (-1.0, 1.0):
        wing = head.part(0.2, side * 0.3, (0.28, 0.03), side * rng.uniform(0.3, 0.7))
        spot = scene.near(wing)
        bar = wing.bar(spot, rng.uniform(-2.0, 2.0), flare=0.8)
        spot.bone(bar, 6.0 + 8 * spot.field(rng, 3.0, 3.0), 3.0)


PLANES: dict[str, Callable[[np.random.Generator, Scene, Frame], None]] = {
    "Trans-thalamic": thalami,
    "Trans-ventricular": ventricle,
    "Trans-cerebellum": cerebellum,
    "Other": face,
}
