"""One radiograph of a limb: healthy, fractured, or broken beyond repair."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from pipelines.datasets.phantoms.bone_shape import Bone, lay_bone
from pipelines.datasets.phantoms.fields import smooth_field, strands
from pipelines.datasets.phantoms.film import Film, blank_film
from pipelines.datasets.phantoms.fracture import comminution, lay_broken, simple_fracture
from pipelines.datasets.phantoms.grid import Floats, Grid
from pipelines.datasets.phantoms.implant import lay_implant
from pipelines.datasets.phantoms.limb import REGIONS, Limb, lay_flesh
from pipelines.datasets.phantoms.radiograph import (
    CORTEX,
    FLESH,
    LEAD,
    MARROW,
    Exposure,
    collimator,
    detected,
    develop,
)
from pipelines.errors import InputError

BROKEN = {"healthy": (0, 0), "fractured": (1, 2), "beyond_repair": (2, 3)}
"""How many bones are broken in each class, fewest and most, where so many lie on the film."""
KINDS = tuple(BROKEN)
METALWORK = 0.45  # the share of images beyond repair that show an implant


class Target(NamedTuple):
    """What was hit: a bone's number in its limb, and the place in mm from the bone's middle."""

    number: int
    site: float


def bone_phantom(
    rng: np.random.Generator, kind: str, region: str, height: int, width: int
) -> NDArray[np.uint8]:
    """Make one radiograph of a limb.

    Args:
        rng: Decides everything.
        kind: One of `KINDS`.
        region: A key of `limb.REGIONS`.
        height: Pixels.
        width: Pixels.

    Returns:
        Grey values, uint8 (H, W): dense is white, and black beyond the collimator's blades.

    Raises:
        InputError: If there is no such kind or region.
    """
    if kind not in KINDS or region not in REGIONS:
        msg = (
            f"a radiograph of the kind {kind!r} of the region {region!r} was asked for; choose one "
            f"of {', '.join(KINDS)} and one of {', '.join(REGIONS)}"
        )
        raise InputError(msg)
    limb = REGIONS[region](rng)
    target = draw_target(rng, limb)
    film = draw_film(rng, limb, target, height, width)
    lay_flesh(film, limb.flesh)
    lay_bones(rng, film, limb, target, kind)
    field, box = collimator(rng, film.grid)
    lay_marker(rng, film, box)
    return expose(rng, film, field)


def draw_target(rng: np.random.Generator, limb: Limb) -> Target:
    """Draw the bone of a limb that was hit, and where: there it breaks, if it does."""
    number = int(rng.choice(breakable(limb)))
    bone = limb.bones[number]
    return Target(number, float(rng.uniform(-0.7, 0.7) * max(bone.half - bone.radius, 0.0)))


def breakable(limb: Limb) -> list[int]:
    """List the bones that may break, by their numbers."""
    return [number for number, bone in enumerate(limb.bones) if bone.name in limb.breakable]


def draw_film(
    rng: np.random.Generator, limb: Limb, target: Target, height: int, width: int
) -> Film:
    """Draw how a limb lies on the film: the beam is centred on what was hit, nearly."""
    spacing = rng.uniform(*limb.height) / max(height, width)
    turn = rng.normal(0.0, 0.12) + (np.pi / 2 if width > height else 0.0)
    (along, across), (a, c) = limb.bones[target.number].axes()
    aside = rng.normal(0.0, 5.0, 2)
    centre = (along + a * target.site + aside[0], across + c * target.site + aside[1])
    turn += rng.choice([0.0, np.pi])
    grid = Grid(height, width, spacing)
    return blank_film(rng, grid, centre, turn, mirrored=bool(rng.random() < 0.5))


def lay_bones(rng: np.random.Generator, film: Film, limb: Limb, target: Target, kind: str) -> None:
    """Lay the bones over a film, some of them broken unless they are healthy.

    Of a limb beyond repair a surgeon fixed the bone that was hit, or none; not the others.
    """
    count = int(rng.integers(*BROKEN[kind], endpoint=True))
    sites = broken_sites(rng, film, limb, target, count) if count else {}
    metal = kind == "beyond_repair" and rng.random() < METALWORK
    for number, bone in enumerate(limb.bones):
        if number not in sites:
            lay_bone(film, bone)
        elif kind == "fractured":
            lay_broken(film, bone, simple_fracture(rng, bone, sites[number]))
        else:
            fixed = metal and number == target.number
            lay_broken(film, bone, comminution(rng, bone, sites[number], reduced=fixed))
            if fixed:
                lay_implant(rng, film, bone, sites[number])


def broken_sites(
    rng: np.random.Generator, film: Film, limb: Limb, target: Target, count: int
) -> dict[int, float]:
    """Draw which bones break, and where: the target, and others where they pass near it.

    Returns:
        Of so many bones, at most, the place in mm from a bone's middle, by the bone's number.
    """
    found = {target.number: target.site}
    for number in rng.permutation(breakable(limb)):
        place = shown_site(rng, film, limb.bones[number])
        if place is not None and len(found) < count:
            found.setdefault(int(number), place)
    return found


def shown_site(rng: np.random.Generator, film: Film, bone: Bone) -> float | None:
    """Draw a place along a bone (mm from its middle) that lies well inside the film, if any."""
    middle, (a, c) = bone.axes()
    rows, columns = film.grid.height // 4, film.grid.width // 4
    along, across = (place[rows:-rows:4, columns:-columns:4] for place in (film.along, film.across))
    for place in rng.uniform(-0.8, 0.8, 12) * max(bone.half - bone.radius, 0.0):
        far = np.hypot(along - (middle[0] + a * place), across - (middle[1] + c * place)).min()
        if far < 4 * film.grid.spacing:
            return float(place)
    return None


def lay_marker(rng: np.random.Generator, film: Film, box: tuple[int, int, int, int]) -> None:
    """Lay the side's letter of lead near an edge of the open field."""
    top, bottom, left, right = box
    size = max(round(rng.uniform(0.045, 0.09) * max(film.grid.height, film.grid.width)), 6)
    sheet = Image.new("L", (film.grid.width, film.grid.height))
    y = rng.choice([top + rng.uniform(0, 0.1) * (bottom - top), bottom - size * 1.3])
    x = rng.choice([left + rng.uniform(0, 0.08) * (right - left), right - size * 1.1])
    letter = str(rng.choice(["L", "R"]))
    draw = ImageDraw.Draw(sheet)
    draw.text((x, y), letter, 255, ImageFont.load_default(size), stroke_width=max(size // 16, 0))
    film.metal += LEAD / 255 * np.asarray(sheet, np.float32)


def expose(rng: np.random.Generator, film: Film, field: Floats) -> NDArray[np.uint8]:
    """Take the radiograph of what lies over a film, and show it."""
    exposure = Exposure(
        photons=10 ** rng.uniform(3.4, 4.4),
        scatter=rng.uniform(0.05, 0.35),
        blur=rng.uniform(0.2, 0.45),
        middle=rng.uniform(0.22, 0.48),
        light=rng.uniform(0.72, 0.97),
        gamma=rng.uniform(0.9, 1.4),
    )
    share = detected(rng, absorption(rng, film), film.grid, exposure)
    body = (film.flesh > 4) & (field > 0.5)
    grey = develop(share, body, exposure) * field
    return np.round(255 * grey).astype(np.uint8)


def absorption(rng: np.random.Generator, film: Film) -> Floats:
    """Sum what flesh, bone with its trabeculae, and metal absorb, (H, W)."""
    grid = film.grid
    muscle = (
        1 + 0.05 * smooth_field(rng, grid, 12.0, 6.0) + 0.02 * smooth_field(rng, grid, 2.0, 1.5)
    )
    trabeculae = strands(smooth_field(rng, grid, 1.2, 0.9), 0.25, grid.spacing)
    spongy = 0.75 + 0.6 * trabeculae + 0.25 * smooth_field(rng, grid, 5.0, 5.0)
    spongy += 0.25 * smooth_field(rng, grid, 0.8, 0.8)
    compact = 1 + 0.05 * smooth_field(rng, grid, 2.0, 2.0)
    total = FLESH * film.flesh * muscle + CORTEX * film.cortex * compact
    return total + MARROW * film.marrow * np.maximum(spongy, 0.1) + film.metal
