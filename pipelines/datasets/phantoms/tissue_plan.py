"""The plan of a piece of tissue: which pixel is glass, stroma, epithelium or necrosis.

Epithelium lies in stroma as glands (a wall of cells round a lumen) or as solid nests, of which
the larger ones die from within. All borders are level lines of smooth random fields. Lengths are
in micrometres, so a `Grid` here has its spacing in micrometres.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipelines.datasets.phantoms.fields import smooth_field
from pipelines.datasets.phantoms.grid import Floats, Grid, Mask

TISSUES = ("background", "stroma", "epithelium", "necrosis")
BACKGROUND, STROMA, EPITHELIUM, NECROSIS = range(len(TISSUES))

LARGEST_GLAND = 24_000.0  # square micrometres; a larger island is solid
SPECK = 700.0  # square micrometres; smaller islands and holes are none


@dataclass(frozen=True)
class Architecture:
    """How the tissue of one slide is built.

    Attributes:
        glandular: Share of glands among the smaller islands, 0..1; all others are solid.
        island: Typical size of an island, micrometres.
        epithelium: Level above which there is epithelium; lower is more.
        wall: Thickness of a gland's wall, micrometres.
        survival: Depth in a nest beyond which cells die, micrometres.
    """

    glandular: float
    island: float
    epithelium: float
    wall: float
    survival: float


@dataclass(frozen=True)
class Plan:
    """What lies where.

    Attributes:
        labels: Indices into `TISSUES`, (H, W).
        lumen: The hollow of glands, (H, W); its label is epithelium, as pathologists draw glands.
        cleft: Gaps between nests and stroma, (H, W); their label is stroma.
        depth: Distance into the epithelium from the stroma, micrometres, (H, W), 0 outside.
    """

    labels: NDArray[np.uint8]
    lumen: Mask
    cleft: Mask
    depth: Floats


def draw_architecture(rng: np.random.Generator) -> Architecture:
    """Draw the architecture of one slide."""
    return Architecture(
        glandular=float(rng.uniform(0.3, 0.95)),
        island=float(rng.uniform(36.0, 64.0)),
        epithelium=float(rng.uniform(0.0, 0.5)),
        wall=float(rng.uniform(13.0, 22.0)),
        survival=float(rng.uniform(20.0, 32.0)),
    )


def draw_plan(rng: np.random.Generator, grid: Grid, architecture: Architecture) -> Plan:
    """Draw the plan of one image."""
    glass = glass_region(rng, grid)
    least = SPECK / grid.spacing**2
    islands = without_specks(epithelium_islands(rng, grid, architecture) & ~glass, least) & ~glass
    depth = ndimage.distance_transform_edt(np.pad(islands, 40, mode="edge"))[40:-40, 40:-40]
    depth = (depth * grid.spacing).astype(np.float32)
    gland = island_choice(rng, islands, architecture.glandular, LARGEST_GLAND / grid.spacing**2)
    wobble = 2.5 * smooth_field(rng, grid, 9.0, 9.0)
    lumen = gland & (depth > architecture.wall + wobble)
    dead = islands & ~gland & (depth > architecture.survival + 3.0 * wobble)
    necrosis = without_specks(dead, least) & islands
    labels = np.select([glass, necrosis, islands], [BACKGROUND, NECROSIS, EPITHELIUM], STROMA)
    return Plan(labels.astype(np.uint8), lumen, clefts(rng, grid, islands, gland, glass), depth)


def glass_region(rng: np.random.Generator, grid: Grid) -> Mask:
    """Draw where there is no tissue, (H, W): beyond its edge in most images, and tears within."""
    angle = rng.uniform(0.0, 2 * np.pi)
    side = grid.width * grid.spacing
    across = np.cos(angle) * (grid.lateral - side / 2) + np.sin(angle) * (grid.depth - side / 2)
    reach = rng.uniform(0.05, 0.75) * side
    edge = across + 22.0 * smooth_field(rng, grid, 70.0, 70.0) + 3.0 * smooth_field(rng, grid, 9, 9)
    tears = smooth_field(rng, grid, 34.0, 34.0) + 0.12 * smooth_field(rng, grid, 6.0, 6.0)
    return (edge > reach) | (tears > rng.uniform(1.9, 2.8))


def epithelium_islands(rng: np.random.Generator, grid: Grid, architecture: Architecture) -> Mask:
    """Draw where there is epithelium, (H, W)."""
    size = architecture.island
    field = smooth_field(rng, grid, size, size) + 0.25 * smooth_field(rng, grid, size / 3, size / 3)
    field = field + 0.05 * smooth_field(rng, grid, 7.0, 7.0)
    return field > architecture.epithelium


def without_specks(region: Mask, least: float) -> Mask:
    """Remove the pieces, then fill the holes, of fewer than so many pixels, (H, W)."""
    for background in (False, True):
        numbers, _ = ndimage.label(region ^ background)
        small = np.bincount(numbers.ravel()) < least
        small[0] = False
        region = region ^ small[numbers]
    return region


def island_choice(rng: np.random.Generator, islands: Mask, share: float, most: float) -> Mask:
    """Choose about a `share` of the connected islands of at most so many pixels, (H, W)."""
    numbers, count = ndimage.label(islands)
    sizes = np.bincount(numbers.ravel(), minlength=count + 1)
    chosen = (rng.random(count + 1) < share) & (sizes <= most)
    chosen[0] = False
    return chosen[numbers]


def clefts(rng: np.random.Generator, grid: Grid, islands: Mask, gland: Mask, glass: Mask) -> Mask:
    """Draw the gaps that shrinkage leaves along parts of the solid nests, (H, W)."""
    outside = ndimage.distance_transform_edt(~(islands & ~gland)) * grid.spacing
    width = 5.0 * (smooth_field(rng, grid, 40.0, 40.0) - 0.7)
    return ~islands & ~glass & (outside < width)
