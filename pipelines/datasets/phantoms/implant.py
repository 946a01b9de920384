"""Metal in a bone: a plate with screws seen from the front or the side, a nail, wires."""

from __future__ import annotations

import numpy as np

from pipelines.datasets.phantoms.bone_shape import Bone, chord
from pipelines.datasets.phantoms.film import Film
from pipelines.datasets.phantoms.grid import Floats
from pipelines.datasets.phantoms.radiograph import METAL


def lay_implant(rng: np.random.Generator, film: Film, bone: Bone, site: float) -> None:
    """Lay an implant over a bone at a site (mm from its middle): one of four kinds."""
    spot = film.near([bone.start, bone.end], bone.widest + 12)
    if not spot.along.size:
        return
    kinds = (plate_in_front, plate_aside, wires if bone.half < 45 else nail)
    kinds[int(rng.integers(len(kinds)))](rng, spot, bone, site)


def rod(u: Floats, v: Floats, half: float, radius: float) -> Floats:
    """Measure the path through a rod along u with blunt ends, mm, (H, W)."""
    end = np.clip((half - np.abs(u)) / 0.4 + 0.5, 0.0, 1.0)
    return end * chord(np.float32(radius) + 0 * u, v)


def slab(u: Floats, v: Floats, half: float, width: float, thickness: float) -> Floats:
    """Measure the path through a flat bar with round ends, mm, (H, W)."""
    distance = np.hypot(np.maximum(np.abs(u) - (half - width), 0), v) - width
    return thickness * np.clip(0.5 - distance / 0.3, 0.0, 1.0)


def screws(rng: np.random.Generator, bone: Bone, reach: float) -> list[float]:
    """Draw where the screws of a plate lie along it, mm from its middle."""
    step = rng.uniform(0.75, 1.1) * bone.radius + 3.0
    places = np.arange(-reach + 0.5 * step, reach - 0.3 * step, step)
    return [float(place) for place in places if rng.random() < 0.85]


def plate_reach(rng: np.random.Generator, bone: Bone) -> float:
    """Draw half the length of a plate, mm."""
    return min(rng.uniform(3.0, 6.0) * bone.radius, 0.85 * bone.half)


def plate_in_front(rng: np.random.Generator, film: Film, bone: Bone, site: float) -> None:
    """Lay a plate seen from the front: a wide bar with the heads of its screws."""
    u, v = bone.local(film)
    u = u - np.float32(site)
    v = v - np.float32(rng.uniform(-0.3, 0.3) * bone.radius)
    reach, width = plate_reach(rng, bone), rng.uniform(0.45, 0.65) * bone.radius
    metal = slab(u, v, reach, width, rng.uniform(1.5, 3.5))
    lean = rng.uniform(-0.5, 0.5)
    for place in screws(rng, bone, reach):
        hole = np.hypot(u - place, v) - 0.6 * width
        metal *= np.clip(0.5 + hole / 0.3, 0.45, 1.0)
        metal += np.clip(0.5 - (hole + 0.12 * width) / 0.3, 0.0, 1.0) * 2.0
        along, across = u - place - lean * v, v - lean * bone.radius
        metal += rod(across, along, 0.9 * abs(lean) * bone.radius, 0.16 * bone.radius + 0.4)
    film.metal += np.float32(METAL) * metal


def plate_aside(rng: np.random.Generator, film: Film, bone: Bone, site: float) -> None:
    """Lay a plate seen from the side: a thin bar on the bone, screws through both walls."""
    u, v = bone.local(film)
    u = u - np.float32(site)
    side = rng.choice([-1.0, 1.0])
    thick = 0.12 * bone.radius + 0.5
    edge = bone.radius + thick + 0.3
    reach = plate_reach(rng, bone)
    metal = slab(u, v * side - np.float32(edge), reach, thick, rng.uniform(2.0, 5.0))
    length = bone.radius + thick
    for place in screws(rng, bone, reach):
        lean = rng.normal(0, 0.06)
        down, off = v * side - np.float32(thick), u - place - lean * v
        thread = 1 + 0.16 * np.sin(2 * np.pi * down / 1.6)
        metal += rod(down, off / thread, length, 0.1 * bone.radius + 0.6)
        metal += slab(off, v * side - np.float32(edge + 0.5), 2.2 * thick, thick, 3.0)
    film.metal += np.float32(METAL) * metal


def nail(rng: np.random.Generator, film: Film, bone: Bone, site: float) -> None:
    """Lay a nail into the shaft, with two bolts across it at each end."""
    u, v = bone.local(film)
    middle, reach = 0.1 * site, 0.9 * bone.half
    radius = rng.uniform(0.3, 0.45) * bone.radius
    metal = 0.7 * rod(u - np.float32(middle), v, reach, radius)
    for place in (-reach + 10, -reach + 24, reach - 24, reach - 10):
        if rng.random() < 0.85:
            metal += rod(v, u - np.float32(middle + place), 1.25 * bone.radius, 1.6)
    film.metal += np.float32(METAL) * metal


def wires(rng: np.random.Generator, film: Film, bone: Bone, site: float) -> None:
    """Lay two or three thin wires that cross near the site."""
    u, v = bone.local(film)
    u = u - np.float32(site)
    for _ in range(int(rng.integers(2, 4))):
        turn = rng.uniform(-0.6, 0.6)
        along, across = u * np.cos(turn) + v * np.sin(turn), v * np.cos(turn) - u * np.sin(turn)
        off = np.float32(rng.uniform(-0.5, 0.5) * bone.radius)
        length = rng.uniform(0.5, 1.0) * min(bone.half, 6 * bone.radius)
        film.metal += np.float32(METAL) * 1.6 * rod(along, across - off, length, 0.8)
