"""The tissues of a breast: wavy layers of skin, fat, gland and muscle, and what distracts in them.

Source of the attenuations: doi:10.3390/diagnostics13050855 (table 4). Echo levels are in dB
relative to gland.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipelines.datasets.phantoms.fields import bend, smooth_field, strands, wavy_line
from pipelines.datasets.phantoms.grid import Floats, Grid, Mask, Range


@dataclass(frozen=True)
class Tissue:
    """How one tissue answers: echo (dB), attenuation (dB/cm/MHz), slow variation of echo (dB)."""

    echo: float
    attenuation: float
    variation: float


TISSUES = {
    "skin": Tissue(echo=-2.0, attenuation=0.35, variation=1.0),
    "fat": Tissue(echo=-12.0, attenuation=0.63, variation=2.0),
    "gland": Tissue(echo=0.0, attenuation=0.75, variation=4.0),
    "muscle": Tissue(echo=-13.0, attenuation=0.96, variation=2.5),
    "rib": Tissue(echo=-25.0, attenuation=15.0, variation=1.0),
}
SKIN, FAT, GLAND, MUSCLE, RIB = range(len(TISSUES))


@dataclass(frozen=True)
class Anatomy:
    """The layers: mean depth of their lower ends (mm), how they lie, what else is there."""

    skin: float
    fat: float
    gland: float
    tilt: float
    fat_in_gland: float
    shadows: int
    vessels: int
    rib: bool


def draw_anatomy(rng: np.random.Generator) -> Anatomy:
    """Draw the layers' depths (mm) and the distractors, which every class of image holds."""
    skin = rng.uniform(1.0, 2.2)
    fat = skin + rng.uniform(2.5, 9.0)
    return Anatomy(
        skin=skin,
        fat=fat,
        gland=fat + rng.uniform(11.0, 22.0),
        tilt=rng.uniform(-0.1, 0.1),
        fat_in_gland=rng.uniform(0.6, 1.8),
        shadows=int(rng.integers(0, 4)),
        vessels=int(rng.integers(0, 3)),
        rib=bool(rng.random() < 0.2),
    )


def tissue_labels(rng: np.random.Generator, grid: Grid, anatomy: Anatomy) -> NDArray[np.intp]:
    """Lay out the tissues, (H, W) indices into `TISSUES`: wavy layers, fat lobules, a rib."""
    slope = anatomy.tilt * (grid.lateral - grid.width * grid.spacing / 2)
    skin = anatomy.skin + wavy_line(rng, grid, 0.1, 6.0)
    fat = np.maximum(anatomy.fat + slope + wavy_line(rng, grid, 0.9, 4.0), skin + 0.8)
    gland = np.maximum(anatomy.gland + 2 * slope + wavy_line(rng, grid, 0.8, 7.0), fat + 4.0)
    layers = [grid.depth < skin, grid.depth < fat, grid.depth < gland]
    labels = np.select(layers, [SKIN, FAT, GLAND], MUSCLE)
    lobules = smooth_field(rng, grid, 1.3, 4.0) + 0.2 * smooth_field(rng, grid, 0.4, 0.8)
    labels[(labels == GLAND) & (lobules > anatomy.fat_in_gland)] = FAT
    labels[(labels == FAT) & (grid.depth > skin + 1.5) & (lobules < -1.7)] = GLAND
    if anatomy.rib:
        labels[rib(rng, grid, float(gland.mean()))] = RIB
    return labels


def rib(rng: np.random.Generator, grid: Grid, muscle_top: float) -> Mask:
    """Place a rib's oval cross-section (H, W) a few mm below the top of the muscle."""
    depth = muscle_top + rng.uniform(4.0, 8.0) + 3.0
    lateral = rng.uniform(0.1, 0.9) * grid.width * grid.spacing
    return ((grid.depth - depth) / 3.0) ** 2 + ((grid.lateral - lateral) / 6.0) ** 2 < 1


def echo_map(rng: np.random.Generator, grid: Grid, labels: NDArray[np.intp], tilt: float) -> Floats:
    """Give each tissue its echo level and texture: dB relative to gland, (H, W)."""
    level = np.array([tissue.echo for tissue in TISSUES.values()], np.float32)[labels]
    variation = np.array([tissue.variation for tissue in TISSUES.values()], np.float32)[labels]
    level = ndimage.gaussian_filter(level, 0.35 / grid.spacing)
    level += variation * smooth_field(rng, grid, 1.2, 3.5)
    level += variation * smooth_field(rng, grid, 0.3, 1.2)
    course = tilt * 2 * grid.lateral + wavy_line(rng, grid, 1.0, 6.0)
    for tissue, texture in (
        (FAT, fibres(rng, grid, course, (1.0, 6.0), 0.14, 20.0)),
        (GLAND, fibres(rng, grid, course, (0.45, 3.0), 0.16, 9.0)),
        (MUSCLE, fibres(rng, grid, course, (0.5, 8.0), 0.13, 17.0)),
    ):
        np.add(level, texture, out=level, where=labels == tissue)
    return level + interfaces(rng, grid, labels)


def fibres(
    rng: np.random.Generator,
    grid: Grid,
    course: Floats,
    lengths: Range,
    half_width: float,
    level: float,
) -> Floats:
    """Draw septa or fibres that follow a layer's course and fade along their way: dB, (H, W)."""
    lines = strands(smooth_field(rng, grid, *lengths), half_width, grid.spacing)
    strength = np.clip(0.5 + 0.6 * smooth_field(rng, grid, 1.5, 4.0), 0.0, 1.4)
    return bend(level * lines * strength, course, grid.spacing)


def interfaces(rng: np.random.Generator, grid: Grid, labels: NDArray[np.intp]) -> Floats:
    """Mirror-like echoes where one tissue lies on the next, and the near field's rings: dB."""
    crossed = np.diff(labels, axis=0, prepend=SKIN) != 0
    step = crossed * np.array([6.0, 6.0, 6.0, 14.0, 38.0], np.float32)[labels]
    thickness = max(0.22 / grid.spacing, 0.6)
    rim = ndimage.gaussian_filter(step, (thickness, 2 * thickness))
    rim *= thickness * 2.5  # a horizontal line keeps its level, whatever the pixel side
    strength = np.clip(1.0 + 0.6 * smooth_field(rng, grid, 2.0, 3.0), 0.0, None)
    ringing = 7.0 * np.cos(2 * np.pi * grid.depth / 0.75) * np.exp(-grid.depth / 0.9)
    return strength * rim + ringing.astype(np.float32)


def attenuation_map(
    rng: np.random.Generator, grid: Grid, labels: NDArray[np.intp], anatomy: Anatomy
) -> Floats:
    """Give each tissue its attenuation, dB/cm/MHz (H, W), and Cooper's ligaments their shadows.

    A ligament that runs along the beam scatters it away; it is entered as a small steep spot of
    high attenuation at the fat's lower end.
    """
    attenuation = np.array([tissue.attenuation for tissue in TISSUES.values()], np.float32)[labels]
    for _ in range(anatomy.shadows):
        lateral = rng.uniform(0.0, grid.width * grid.spacing)
        depth = anatomy.fat + rng.uniform(-2.0, 5.0)
        along, across = rng.uniform(1.5, 3.0), rng.uniform(0.4, 1.6)
        lean = rng.uniform(-0.4, 0.4) * (grid.depth - depth)
        spot = ((grid.depth - depth) / along) ** 2
        spot = spot + ((grid.lateral - lateral - lean) / across) ** 2
        attenuation += rng.uniform(0.6, 2.2) * np.exp(-spot / 2).astype(np.float32)
    return attenuation


def add_vessels(rng: np.random.Generator, grid: Grid, echo: Floats, anatomy: Anatomy) -> Floats:
    """Put small flat vessels or ducts into an echo map (dB): black, as cysts are, but tiny."""
    for _ in range(anatomy.vessels):
        depth = rng.uniform(anatomy.skin + 2.0, anatomy.gland)
        lateral = rng.uniform(0.0, grid.width * grid.spacing)
        along, across = rng.uniform(0.3, 0.7), rng.uniform(0.8, 2.5)
        course = depth + rng.uniform(-0.4, 0.4) * (grid.lateral - lateral)
        inside = ((grid.depth - course) / along) ** 2 + ((grid.lateral - lateral) / across) ** 2
        echo = np.where(inside < 1, np.float32(-24.0), echo)
    return echo
