"""Fractures: a bone cut into fragments, each moved as a rigid body.

The fragments are the cells nearest to a few seeds in the bone's own axes, with jagged borders.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.datasets.phantoms.bone_shape import Bone
from pipelines.datasets.phantoms.film import Film
from pipelines.datasets.phantoms.grid import Floats


@dataclass(frozen=True)
class Fracture:
    """A broken bone's fragments.

    Attributes:
        site: Where along the bone, mm from its middle.
        seeds: Places (along, across) of which each fragment is the surroundings, mm, (n, 2).
        shifts: Where each went (along, across), mm, (n, 2).
        turns: How each is turned about the point nearest the site, rad, (n,).
        gap: Between neighbours, mm.
        blur: Half-width of a border, mm: borders that lean against the beam are softer.
        jags: Waves of the borders, (m, 3): waves per mm, amplitude (mm), phase.
    """

    site: float
    seeds: NDArray[np.float64]
    shifts: NDArray[np.float64]
    turns: NDArray[np.float64]
    gap: float
    blur: float
    jags: NDArray[np.float64]


def draw_jags(rng: np.random.Generator, bone: Bone) -> NDArray[np.float64]:
    """Draw what makes a border jagged."""
    waves = rng.uniform(0.3, 1.4, 4) / bone.radius
    return np.stack([waves, 0.05 * rng.uniform(0.2, 1, 4) / waves, rng.uniform(0, 6.3, 4)], axis=1)


def simple_fracture(rng: np.random.Generator, bone: Bone, site: float) -> Fracture:
    """Draw a fracture of two fragments: a line across or aslant, shifted or bent at it."""
    lean = rng.uniform(-1.0, 1.0)
    away = 2.0 * bone.radius * np.array([1.0, lean])
    side = 1.0 if site > 0 else -1.0  # the shorter fragment moves
    lever = min(1.0, 90.0 / bone.half)  # a long fragment swings less
    shift = [rng.uniform(0.0, 0.4), rng.uniform(0.5, 1.3) * rng.choice([-1, 1])]
    return Fracture(
        site=site,
        seeds=np.array([-side * away, side * away]) + np.array([site, 0.0]),
        shifts=np.array([[0.0, 0.0], [side * shift[0], shift[1]]]) * bone.radius,
        turns=np.array([0.0, rng.choice([-1, 1]) * rng.uniform(0.1, 0.35) * lever]),
        gap=rng.uniform(0.8, 1.8) + 0.06 * bone.radius,
        blur=rng.uniform(0.15, 0.4),
        jags=draw_jags(rng, bone),
    )


def comminution(rng: np.random.Generator, bone: Bone, site: float, reduced: bool) -> Fracture:
    """Draw a shattered bone: two ends and several shards between them.

    Args:
        rng: Decides everything.
        bone: Which is broken.
        site: Where along it, mm from its middle.
        reduced: Whether a surgeon has put the fragments back, nearly.
    """
    count = int(rng.integers(6, 11))
    side, radius = 1.0 if site > 0 else -1.0, bone.radius
    reach = rng.uniform(1.8, 3.2) * radius
    along = rng.uniform(-reach, reach, count)
    shards = np.stack([along, rng.uniform(-1.1, 1.1, count) * radius], axis=1)
    ends = np.array([[-side * 2.2 * reach, 0.0], [side * 2.2 * reach, 0.0]])
    loose = 0.15 if reduced else 1.0
    shifts = loose * rng.normal(0, 0.6, (count, 2)) * radius
    shifts += loose * 0.35 * shards
    far = loose * radius * np.array([rng.uniform(-0.8, 0.6) * side, rng.uniform(-1.0, 1.0)])
    turns = loose * rng.normal(0, 0.5, count)
    return Fracture(
        site=site,
        seeds=np.concatenate([ends, shards]) + np.array([site, 0.0]),
        shifts=np.concatenate([[[0.0, 0.0], far], shifts]),
        turns=np.concatenate([[0.0, loose * rng.normal(0, 0.15)], turns]),
        gap=rng.uniform(0.6, 1.4) + 0.06 * radius,
        blur=rng.uniform(0.15, 0.4),
        jags=draw_jags(rng, bone),
    )


def lay_broken(film: Film, bone: Bone, fracture: Fracture) -> None:
    """Lay a broken bone over a film: every fragment where it went."""
    margin = bone.widest + abs(bone.bend) + 3 + float(np.abs(fracture.shifts).max())
    spot = film.near([bone.start, bone.end], margin + 0.2 * bone.half)
    if not spot.along.size:
        return
    u, v = bone.local(spot)
    for number in range(len(fracture.seeds)):
        back = returned(u, v, fracture, number)
        share = belongs(*back, fracture, number)
        cortex, marrow = bone.paths(*back)
        spot.cortex += share * cortex
        spot.marrow += share * marrow


def returned(u: Floats, v: Floats, fracture: Fracture, number: int) -> tuple[Floats, Floats]:
    """Take places on the film back to where they lay in the bone before a fragment moved."""
    pivot = np.array([fracture.site, 0.0]) if number < 2 else fracture.seeds[number]
    origin = (pivot + fracture.shifts[number]).astype(np.float32)
    pivot = pivot.astype(np.float32)
    turn = np.float32(fracture.turns[number])
    x, y = u - origin[0], v - origin[1]
    cos, sin = np.cos(turn), np.sin(turn)
    return x * cos + y * sin + pivot[0], y * cos - x * sin + pivot[1]


def belongs(u: Floats, v: Floats, fracture: Fracture, number: int) -> Floats:
    """Tell how much of a place in the unbroken bone belongs to a fragment, 0 to 1, (H, W)."""
    for waves, size, phase in fracture.jags.astype(np.float32):
        u, v = u + size * np.sin(2 * np.pi * waves * v + phase), v
    seeds = fracture.seeds.astype(np.float32)
    own = (u - seeds[number, 0]) ** 2 + (v - seeds[number, 1]) ** 2
    depth = np.full(u.shape, np.inf, np.float32)
    for other in range(len(seeds)):
        if other != number:
            apart = 2 * np.float32(np.hypot(*(seeds[other] - seeds[number])))
            square = (u - seeds[other, 0]) ** 2 + (v - seeds[other, 1]) ** 2
            np.minimum(depth, (square - own) / apart, out=depth)
    soft = np.float32(1 / fracture.blur)
    return 1 / (1 + np.exp(-np.clip((depth - np.float32(fracture.gap / 2)) * soft, -20, 20)))
