"""Lesions of the breast: cysts, fibroadenomas and carcinomas, drawn and put into an echo map.

Source of what benign and malignant look like: the ACR BI-RADS lexicon for ultrasound (shape,
orientation, margin, echo pattern, posterior features). Echo levels are in dB relative to gland.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipelines.datasets.phantoms.breast_anatomy import Anatomy
from pipelines.datasets.phantoms.fields import smooth_field
from pipelines.datasets.phantoms.grid import Floats, Grid, Mask, Range


@dataclass(frozen=True)
class LesionKind:
    """The ranges from which a lesion of one kind is drawn; lengths in mm, levels in dB.

    Attributes:
        width: Half the lateral extent.
        aspect: Depth extent over lateral extent; above one is "taller than wide".
        lobulation: Amplitude of the outline's smooth waves, as a share of the radius.
        spicules: How many pointed outgrowths; `spike` is their height as a share of the radius.
        echo: Level inside; `variation` is its coarse inner texture.
        attenuation: dB/cm/MHz; above that of gland it casts a shadow, below it enhances.
        margin: Half-width of the transition to the surroundings.
        capsule: Level of a thin rim, brightest where it faces the beam; one darker than its place
            does not show.
        halo: Level added around the lesion.
        calcifications: How many bright specks; below zero is none.
    """

    width: Range
    aspect: Range
    lobulation: Range
    spicules: tuple[int, int]
    spike: Range
    echo: Range
    variation: Range
    attenuation: Range
    margin: Range
    capsule: Range
    halo: Range
    calcifications: tuple[int, int]


LESION_KINDS = {
    "cyst": LesionKind(
        width=(2.5, 9.0), aspect=(0.55, 0.95), lobulation=(0.01, 0.05), spicules=(0, 0),
        spike=(0.0, 0.0), echo=(-48.0, -30.0), variation=(0.5, 2.0), attenuation=(0.1, 0.4),
        margin=(0.1, 0.25), capsule=(-12.0, 4.0), halo=(0.0, 0.0), calcifications=(0, 0),
    ),
    "fibroadenoma": LesionKind(
        width=(4.0, 12.0), aspect=(0.4, 0.75), lobulation=(0.02, 0.08), spicules=(0, 0),
        spike=(0.0, 0.0), echo=(-24.0, -14.0), variation=(1.0, 3.0), attenuation=(0.35, 0.7),
        margin=(0.15, 0.5), capsule=(-12.0, 3.0), halo=(0.0, 0.0), calcifications=(0, 0),
    ),
    "carcinoma": LesionKind(
        width=(5.0, 11.0), aspect=(0.65, 1.35), lobulation=(0.1, 0.2), spicules=(3, 10),
        spike=(0.05, 0.4), echo=(-29.0, -16.0), variation=(2.5, 5.0), attenuation=(0.85, 1.8),
        margin=(0.4, 1.5), capsule=(-99.0, -99.0), halo=(2.0, 8.0), calcifications=(-6, 9),
    ),
}  # fmt: skip
CLASS_LESIONS: dict[str, tuple[str, ...]] = {
    "benign": ("cyst", "fibroadenoma", "fibroadenoma"),
    "malignant": ("carcinoma",),
    "normal": (),
}
TWO_LESIONS = 1 / 15  # the share of lesion images that hold a second lesion


@dataclass(frozen=True)
class Lesion:
    """One lesion as drawn: see `LesionKind`; the centre is (depth, lateral) in mm."""

    centre: tuple[float, float]
    half: tuple[float, float]
    turn: float
    waves: NDArray[np.float64]
    spikes: NDArray[np.float64]
    echo: float
    variation: float
    attenuation: float
    margin: float
    capsule: float
    halo: float
    calcifications: int


def draw_lesions(rng: np.random.Generator, kind: str, grid: Grid, anatomy: Anatomy) -> list[Lesion]:
    """Draw the lesions of one image; two share its width, so that they cannot overlap."""
    if not CLASS_LESIONS[kind]:
        return []
    count = 2 if rng.random() < TWO_LESIONS else 1
    ends = np.linspace(0.0, grid.width * grid.spacing, count + 1)
    kinds = rng.choice(CLASS_LESIONS[kind], size=count)
    slots = zip(kinds, ends[:-1], ends[1:], strict=True)
    return [
        draw_lesion(rng, LESION_KINDS[name], grid, anatomy, (start, end))
        for name, start, end in slots
    ]


def draw_lesion(
    rng: np.random.Generator, kind: LesionKind, grid: Grid, anatomy: Anatomy, slot: Range
) -> Lesion:
    """Draw one lesion that lies below the skin, in fat or gland, inside a slot of the width (mm).

    A large one may reach the muscle; none is larger than the image allows.
    """
    room = 0.27 * (slot[1] - slot[0])
    across = min(rng.uniform(*kind.width), room)
    bottom = grid.height * grid.spacing
    down = min(across * rng.uniform(*kind.aspect), 0.27 * (bottom - anatomy.skin))
    top = anatomy.skin + 1.5 + 1.2 * down
    return Lesion(
        centre=(
            rng.uniform(top, max(top, min(anatomy.gland - 0.5 * down, bottom - 2 * down))),
            rng.uniform(slot[0] + 1.75 * across, slot[1] - 1.75 * across),
        ),
        half=(down, across),
        turn=rng.normal(0.0, 0.15),
        waves=draw_waves(rng, rng.uniform(*kind.lobulation)),
        spikes=draw_spikes(rng, int(rng.integers(*kind.spicules, endpoint=True)), kind.spike),
        echo=rng.uniform(*kind.echo),
        variation=rng.uniform(*kind.variation),
        attenuation=rng.uniform(*kind.attenuation),
        margin=rng.uniform(*kind.margin),
        capsule=rng.uniform(*kind.capsule),
        halo=rng.uniform(*kind.halo),
        calcifications=max(0, int(rng.integers(*kind.calcifications, endpoint=True))),
    )


def draw_waves(rng: np.random.Generator, amplitude: float) -> NDArray[np.float64]:
    """Draw an outline's Fourier waves, (8, 3): order, amplitude (share of radius), phase (rad)."""
    order = np.arange(2, 10)
    size = amplitude * rng.standard_normal(order.size) * (2 / order) ** 1.5
    return np.stack([order, size, rng.uniform(0, 2 * np.pi, order.size)], axis=1)


def draw_spikes(rng: np.random.Generator, count: int, height: Range) -> NDArray[np.float64]:
    """Draw spicules, (count, 3): angle (rad), height (share of the radius), width (rad)."""
    angle, size = rng.uniform(0, 2 * np.pi, count), rng.uniform(*height, count)
    return np.stack([angle, size, rng.uniform(0.04, 0.3, count)], axis=1)


def lesion_mask(grid: Grid, lesion: Lesion) -> Mask:
    """Fill a lesion's outline, bool (H, W): an ellipse in polar form with waves and spicules."""
    z, x = grid.depth - lesion.centre[0], grid.lateral - lesion.centre[1]
    cos, sin = np.cos(lesion.turn), np.sin(lesion.turn)
    down, across = (z * cos - x * sin) / lesion.half[0], (z * sin + x * cos) / lesion.half[1]
    radius = np.hypot(down, across)
    near = radius < 2.5  # no outline reaches further
    angle = np.arctan2(down[near], across[near])
    outline = np.ones_like(angle)
    for order, size, phase in lesion.waves:
        outline += size * np.cos(order * angle + phase)
    for place, height, width in lesion.spikes:
        turned = np.abs((angle - place + np.pi) % (2 * np.pi) - np.pi)
        outline += height * np.exp(-turned / width)
    mask = np.zeros(radius.shape, bool)
    mask[near] = radius[near] < np.clip(outline, 0.4, 1.6)
    return mask


def signed_distance(mask: Mask, spacing: float) -> Floats:
    """Distance to a mask's edge in mm, (H, W): negative inside, positive outside."""
    outside = ndimage.distance_transform_edt(~mask) - ndimage.distance_transform_edt(mask)
    return (spacing * outside).astype(np.float32)


def add_lesion(
    rng: np.random.Generator, grid: Grid, echo: Floats, distance: Floats, lesion: Lesion
) -> Floats:
    """Put a lesion into an echo map (dB, (H, W)): halo, body with its texture, capsule, specks."""
    streaks = np.clip(0.6 + 0.5 * smooth_field(rng, grid, 0.8, 1.2), 0.0, 1.5)
    around = lesion.halo * np.exp(-np.maximum(distance, 0.0) / 1.2) * streaks
    body = lesion.echo + lesion.variation * smooth_field(rng, grid, 0.6, 1.2)
    ragged = distance + 0.5 * lesion.margin * smooth_field(rng, grid, 0.4, 0.6)
    inside = 1 / (1 + np.exp(np.clip(ragged / (0.4 * lesion.margin), -30, 30)))
    level = (1 - inside) * (echo + around) + inside * body
    facing = np.abs(np.gradient(distance, grid.spacing, axis=0))
    rim = np.exp(-((distance / max(0.15, 0.7 * grid.spacing)) ** 2) / 2)
    capsule = np.maximum(lesion.capsule - level, 0.0)
    return specks(rng, grid, level + capsule * rim * facing**2, distance, lesion.calcifications)


def specks(
    rng: np.random.Generator, grid: Grid, echo: Floats, distance: Floats, count: int
) -> Floats:
    """Scatter bright points (microcalcifications of about 0.3 mm) inside a lesion: dB, (H, W)."""
    rows, columns = np.nonzero(distance < -1.0)
    if count == 0 or rows.size == 0:
        return echo
    chosen = rng.integers(rows.size, size=count)
    points = np.zeros(echo.shape, np.float32)
    points[rows[chosen], columns[chosen]] = 1.0
    sigma = max(0.15 / grid.spacing, 0.4)
    spots = ndimage.gaussian_filter(points, sigma) * (2 * np.pi * sigma**2)
    return echo + 28.0 * np.minimum(spots, 1.0)
