"""The bones and the flesh of three regions: hand, forearm, lower leg.

Lengths are those of an adult, in mm; the limb's axis runs from the trunk (positive) to the fingers
or from the knee (negative) to the foot.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from pipelines.datasets.phantoms.bone_shape import Bone, chord
from pipelines.datasets.phantoms.film import Film, Point
from pipelines.datasets.phantoms.grid import Floats, Range


@dataclass(frozen=True)
class Flesh:
    """A piece of soft tissue: a tapered cylinder between two points, mm.

    `flat` is its thickness along the beam as a share of its width.
    """

    start: Point
    end: Point
    radii: tuple[float, float]
    flat: float = 1.0


@dataclass(frozen=True)
class Limb:
    """A region as it lies on the film.

    Attributes:
        bones: All of them.
        flesh: Its soft tissue.
        breakable: The names of the bones that a fracture of the region may choose.
        height: What the film's longer side shows, mm.
    """

    bones: list[Bone]
    flesh: list[Flesh]
    breakable: tuple[str, ...]
    height: Range


def turned_view(bones: list[Bone], share: float) -> list[Bone]:
    """Turn a limb about its axis: its bones lie closer, or over one another."""
    return [
        replace(bone, start=(bone.start[0], bone.start[1] * share),
                end=(bone.end[0], bone.end[1] * share))
        for bone in bones
    ]  # fmt: skip


def carpus() -> list[Bone]:
    """Give the eight bones of the wrist, and where they lie."""
    places = (
        (4, 13, 7.5, 14, 0.6), (6, 1, 8, 10, 0.1), (4, -11, 7.5, 9, -0.4), (6, -15, 5, 6, 0.2),
        (-9, 20, 8, 9, 0.5), (-11, 11, 6.5, 8, 0.2), (-8, 1, 7.5, 14, 0.0), (-8, -10, 8, 12, -0.3),
    )  # fmt: skip
    bones = []
    for along, across, radius, half, lean in places:
        a, c = 0.75 * half * np.cos(lean), 0.75 * half * np.sin(lean)
        ends = (along - a, across - c), (along + a, across + c)
        bones.append(Bone("carpal", *ends, radius, (0.95, 0.95), 0.14, power=2.0))
    return bones


def chain(
    rng: np.random.Generator, base: Point, lean: float, lengths: tuple[float, ...], radius: float
) -> tuple[list[Bone], list[Flesh]]:
    """Lay a ray of the hand: metacarpal and phalanges, each a little turned against the last."""
    bones, place = [], base
    for number, length in enumerate(lengths):
        direction = (-np.cos(lean), np.sin(lean))
        end = (place[0] + direction[0] * length, place[1] + direction[1] * length)
        name = "metacarpal" if number == 0 else "phalanx"
        last = number == len(lengths) - 1
        flares = (1.5, 1.35) if not last else (1.6, 1.15)
        size = radius * (0.93, 0.86, 0.76, 0.66)[number]
        bones.append(Bone(name, place, end, size, flares, 0.45, rng.normal(0, 0.4)))
        place = (end[0] + direction[0] * 1.3, end[1] + direction[1] * 1.3)
        lean += rng.normal(0, 0.05)
    tip = (place[0] + 3 * direction[0], place[1] + 3 * direction[1])
    return bones, [Flesh(bones[1].start, tip, (2.3 * radius, 1.8 * radius))]


def hand(rng: np.random.Generator) -> Limb:
    """Lay out a hand from the front."""
    spread, size = rng.uniform(0.5, 1.5), rng.uniform(0.92, 1.08)
    bones = [*carpus(), *forearm_bones(rng, 250.0)]
    flesh = [
        Flesh((-12.0, 1.0), (-72.0, 14.0), (24.0, 19.0), 0.62),
        Flesh((-12.0, 1.0), (-68.0, -14.0), (24.0, 19.0), 0.62),
        Flesh((-15.0, 1.0), (20.0, 0.0), (29.0, 28.0), 0.62),
        Flesh((20.0, 0.0), (200.0, 0.0), (28.0, 42.0), 0.7),
        Flesh((-5.0, 14.0), (-45.0, 38.0), (20.0, 12.0), 0.8),
    ]
    rays = (
        ((-20.0, 14.0), 0.17, (63.0, 40.0, 23.0, 17.0), 4.8),
        ((-22.0, 4.5), 0.05, (62.0, 44.0, 27.0, 18.0), 4.9),
        ((-20.0, -5.0), -0.07, (56.0, 41.0, 26.0, 18.0), 4.5),
        ((-17.0, -13.5), -0.2, (52.0, 33.0, 19.0, 16.0), 4.2),
    )
    for base, lean, lengths, radius in rays:
        ray, soft = chain(rng, base, spread * lean + rng.normal(0, 0.03), lengths, radius)
        bones, flesh = bones + ray, flesh + soft
    thumb, soft = chain(rng, (-12.0, 25.0), rng.uniform(0.5, 0.9), (44.0, 31.0, 23.0), 5.2)
    scaled = [resized(bone, size) for bone in bones + thumb]
    return Limb(scaled, flesh + soft, ("metacarpal",), (65.0, 95.0))


def resized(bone: Bone, size: float) -> Bone:
    """Make a bone and its place larger by a factor."""
    start, end = ((size * along, size * across) for along, across in (bone.start, bone.end))
    return replace(bone, start=start, end=end, radius=size * bone.radius)


def forearm_bones(rng: np.random.Generator, length: float) -> list[Bone]:
    """Lay out radius and ulna, from the wrist (0) to the elbow."""
    bow = rng.uniform(2.0, 7.0)
    return [
        Bone("radius", (15.0, 7.0), (length - 8, 9.0), 7.0, (2.15, 1.5), 0.4, bow),
        Bone("ulna", (17.0, -14.0), (length + 12, -9.0), 6.5, (1.3, 1.9), 0.42, -0.4 * bow),
    ]


def forearm(rng: np.random.Generator) -> Limb:
    """Lay out a forearm from wrist to elbow, turned about its axis by chance."""
    length = rng.uniform(210.0, 250.0)
    bones = [*carpus(), *forearm_bones(rng, length)]
    for number, across in enumerate((15.0, 5.0, -5.0, -14.0)):
        top = (-82.0, across * 1.7)
        bones.append(Bone("metacarpal", (-20.0 + number, across), top, 4.4, (1.6, 1.4), 0.45))
    bones.append(Bone("humerus", (length - 5, 2.0), (length + 240, 6.0), 11.0, (2.1, 1.6), 0.4))
    flesh = [
        Flesh((-10.0, 0.0), (-110.0, 0.0), (30.0, 44.0)),
        Flesh((-10.0, 0.0), (0.7 * length, 0.0), (29.0, rng.uniform(38.0, 50.0))),
        Flesh((0.7 * length, 0.0), (length + 250, 4.0), (rng.uniform(40.0, 50.0), 56.0)),
    ]
    turned = turned_view(bones, rng.uniform(0.55, 1.1))
    return Limb(turned, flesh, ("radius", "ulna"), (85.0, 130.0))


def lower_leg(rng: np.random.Generator) -> Limb:
    """Lay out a lower leg from knee to ankle, turned about its axis by chance."""
    length = rng.uniform(320.0, 380.0)
    bones = [
        Bone("tibia", (0.0, 0.0), (length, -3.0), 12.5, (2.7, 1.7), 0.42, rng.uniform(-3, 3)),
        Bone("fibula", (14.0, 31.0), (length + 14, 20.0), 5.5, (1.7, 1.7), 0.5, rng.uniform(-2, 3)),
        Bone("femur", (-300.0, 6.0), (-5.0, 0.0), 14.0, (1.5, 2.5), 0.42),
        Bone("patella", (-28.0, 2.0), (6.0, 2.0), 17.0, (0.9, 0.9), 0.1, power=2.2),
        Bone("talus", (length + 11, -19.0), (length + 17, 15.0), 12.0, (1.0, 1.0), 0.12),
        Bone(
            "calcaneus", (length + 26, -12.0), (length + 66, 0.0), 16.0, (1.0, 1.1), 0.1, power=2.2
        ),
        Bone("foot", (length + 30, 10.0), (length + 60, 20.0), 13.0, (1.0, 1.0), 0.12),
    ]
    calf = rng.uniform(50.0, 66.0)
    flesh = [
        Flesh((-300.0, 4.0), (20.0, 4.0), (80.0, 58.0)),
        Flesh((20.0, 4.0), (0.35 * length, 6.0), (54.0, calf)),
        Flesh((0.35 * length, 6.0), (length, 6.0), (calf, 37.0)),
        Flesh((length, 6.0), (length + 75, 2.0), (37.0, 42.0)),
    ]
    turned = turned_view(bones, rng.uniform(0.45, 1.1))
    return Limb(turned, flesh, ("tibia", "fibula"), (110.0, 170.0))


def lay_flesh(film: Film, flesh: list[Flesh]) -> None:
    """Lay soft tissue over a film; where pieces meet they flow into one another."""
    for piece in flesh:
        spot = film.near([piece.start, piece.end], max(piece.radii) + 1)
        if spot.along.size:
            square = thickness(spot, piece) ** 2
            spot.flesh += square * square
    np.sqrt(np.sqrt(film.flesh, out=film.flesh), out=film.flesh)


def thickness(film: Film, piece: Flesh) -> Floats:
    """Measure the path through one piece of soft tissue, mm, (H, W)."""
    length = float(np.hypot(piece.end[0] - piece.start[0], piece.end[1] - piece.start[1]))
    a, c = (np.float32((piece.end[i] - piece.start[i]) / length) for i in (0, 1))
    y, x = film.along - np.float32(piece.start[0]), film.across - np.float32(piece.start[1])
    u, v = y * a + x * c, x * a - y * c
    on = np.clip(u, 0, np.float32(length))
    radius = (
        np.float32(piece.radii[0]) + np.float32((piece.radii[1] - piece.radii[0]) / length) * on
    )
    return np.float32(piece.flat) * chord(radius, np.sqrt(v**2 + (u - on) ** 2))


REGIONS: dict[str, Callable[[np.random.Generator], Limb]] = {
    "hand": hand,
    "forearm": forearm,
    "lower_leg": lower_leg,
}
