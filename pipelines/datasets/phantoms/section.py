"""A stained section: how much haematoxylin and eosin lie at each pixel of a planned tissue.

Amounts are in units of a dense nucleus; lengths in micrometres.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from pipelines.datasets.phantoms.collagen import draw_course, fibres
from pipelines.datasets.phantoms.fields import smooth_field
from pipelines.datasets.phantoms.grid import Floats, Grid, Mask
from pipelines.datasets.phantoms.nuclei import NUCLEUS_KINDS, draw_nuclei, scatter
from pipelines.datasets.phantoms.tissue_plan import BACKGROUND, EPITHELIUM, NECROSIS, STROMA, Plan


class Dyes(NamedTuple):
    """Amounts of the two dyes, each (H, W), not negative."""

    haematoxylin: Floats
    eosin: Floats


def stained_section(rng: np.random.Generator, grid: Grid, plan: Plan) -> Dyes:
    """Fill a plan with fibres, cells and debris, and stain them."""
    course = draw_course(rng, grid)
    parts = {
        BACKGROUND: glass(rng, grid),
        STROMA: stroma(rng, grid, plan, course),
        EPITHELIUM: epithelium(rng, grid, plan),
        NECROSIS: necrosis(rng, grid, plan),
    }
    thickness = np.clip(1 + 0.08 * smooth_field(rng, grid, 90.0, 90.0), 0.7, 1.3)
    dyes = []
    for index in range(2):
        amount = sum(
            shares(plan.labels == label, grid) * part[index] for label, part in parts.items()
        )
        dyes.append(np.clip(thickness * amount, 0.0, None).astype(np.float32))
    return Dyes(*dyes)


def shares(region: Mask, grid: Grid) -> Floats:
    """Soften a region's border over a micrometre, as the section's thickness does, (H, W)."""
    return ndimage.gaussian_filter(region.astype(np.float32), 0.7 / grid.spacing)


def glass(rng: np.random.Generator, grid: Grid) -> Dyes:
    """Empty glass with a trace of mucus and a few floating cells."""
    film = np.clip(smooth_field(rng, grid, 45.0, 45.0) - 0.8, 0.0, None)
    streaks = np.clip(smooth_field(rng, grid, 3.0, 3.0), 0.0, None)
    cells = draw_nuclei(rng, grid, NUCLEUS_KINDS["fragment"], 0.05 * film)
    return Dyes(0.02 * film + cells, film * (0.03 + 0.05 * streaks))


def stroma(rng: np.random.Generator, grid: Grid, plan: Plan, course: Floats) -> Dyes:
    """Collagen bundles with gaps, spindle cells along them, clusters of lymphocytes, vessels."""
    bundles = fibres(rng, grid, course, 3.2, 60.0)
    fine = fibres(rng, grid, course, 1.3, 26.0)
    loose = 0.5 + 0.5 * np.tanh(smooth_field(rng, grid, 55.0, 55.0))
    solid = 1 / (1 + np.exp(-3.0 * (bundles + 1.35 - 0.9 * loose)))
    eosin = solid * (0.30 + 0.05 * bundles + 0.05 * fine) + 0.03
    spindles = draw_nuclei(rng, grid, NUCLEUS_KINDS["fibroblast"], 0.55 * solid, course)
    crowd = np.clip(1.4 * smooth_field(rng, grid, 42.0, 42.0) - 1.6, 0.0, 0.9)
    round_cells = draw_nuclei(rng, grid, NUCLEUS_KINDS["lymphocyte"], crowd + 0.015)
    nuclei = np.maximum(spindles, round_cells)
    eosin = np.where(plan.cleft, 0.02, eosin) * (1 - 0.3 * np.clip(nuclei, 0, 1))
    return Dyes(np.where(plan.cleft, 0.0, nuclei) + 0.03 * solid, eosin)


def epithelium(rng: np.random.Generator, grid: Grid, plan: Plan) -> Dyes:
    """Cells with borders; in glands they stand upright on the border, in nests they lie anyhow."""
    gland = near_lumen(plan, grid)
    tone, border = cells(rng, grid, NUCLEUS_KINDS["tumour"].distance)
    upright = np.arctan2(*np.gradient(ndimage.gaussian_filter(plan.depth, 2.5 / grid.spacing)))
    basal = np.exp(-(((plan.depth - 6.0) / 4.5) ** 2))
    own = (plan.labels == EPITHELIUM) & ~plan.lumen
    columns = draw_nuclei(
        rng, grid, NUCLEUS_KINDS["gland"], own * gland * np.clip(1.5 * basal, 0, 0.95), upright
    )
    nests = draw_nuclei(rng, grid, NUCLEUS_KINDS["tumour"], own * ~gland * 0.88)
    nuclei = np.maximum(columns, nests)
    grain = smooth_field(rng, grid, 1.5, 1.5)
    haematoxylin = 0.10 + 0.04 * tone + 0.015 * grain
    eosin = 0.17 + 0.05 * tone + 0.02 * grain + 0.05 * border
    secretion = np.clip(smooth_field(rng, grid, 14.0, 14.0) - 0.5, 0.0, 1.0)
    hollow = shares(plan.lumen, grid)
    haematoxylin = (1 - hollow) * haematoxylin + hollow * 0.02 * secretion
    eosin = (1 - hollow) * eosin + hollow * (0.01 + 0.16 * secretion)
    return Dyes(np.maximum(haematoxylin, nuclei), eosin * (1 - 0.4 * np.clip(nuclei, 0, 1)))


def near_lumen(plan: Plan, grid: Grid) -> Mask:
    """Tell which epithelium belongs to an island with a lumen, (H, W)."""
    numbers, count = ndimage.label(plan.labels == EPITHELIUM)
    hollow = np.zeros(count + 1, bool)
    hollow[np.unique(numbers[plan.lumen])] = True
    hollow[0] = False
    return hollow[numbers]


def cells(rng: np.random.Generator, grid: Grid, distance: float) -> tuple[Floats, Floats]:
    """Divide the plane into cells: the tone of each, -1.5..1.5, and their borders, 0..1, (H, W)."""
    points = scatter(rng, grid, distance)
    centres = np.stack(np.broadcast_arrays(grid.depth, grid.lateral), axis=-1)
    gaps, owners = cKDTree(points).query(centres.reshape(-1, 2), k=2)
    shape = (grid.height, grid.width)
    tone = np.clip(rng.standard_normal(len(points)), -1.5, 1.5)[owners[:, 0]].reshape(shape)
    border = np.exp(-(((gaps[:, 1] - gaps[:, 0]) / 0.9) ** 2)).reshape(shape)
    return tone.astype(np.float32), border.astype(np.float32)


def necrosis(rng: np.random.Generator, grid: Grid, plan: Plan) -> Dyes:
    """Granular pink debris with faint ghosts of nuclei and dark fragments."""
    own = plan.labels == NECROSIS
    coarse = smooth_field(rng, grid, 6.0, 6.0)
    fine = smooth_field(rng, grid, 1.6, 1.6)
    ghosts = draw_nuclei(rng, grid, NUCLEUS_KINDS["ghost"], own * 0.6)
    crowd = np.clip(0.25 + 0.25 * smooth_field(rng, grid, 20.0, 20.0), 0.02, 0.8)
    fragments = draw_nuclei(rng, grid, NUCLEUS_KINDS["fragment"], own * crowd)
    eosin = 0.27 + 0.05 * coarse + 0.06 * fine
    return Dyes(0.06 + 0.02 * coarse + np.maximum(ghosts, fragments), np.clip(eosin, 0.03, None))
