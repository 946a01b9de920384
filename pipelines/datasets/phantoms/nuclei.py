"""Cell nuclei: where they lie, how large, how long, how dark; drawn as haematoxylin.

Lengths are in micrometres.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.datasets.phantoms.grid import Floats, Grid, Mask, Range


@dataclass(frozen=True)
class NucleusKind:
    """The ranges from which a nucleus of one kind is drawn.

    Attributes:
        distance: Between neighbours, micrometres.
        radius: Of a disc of its area, micrometres.
        elongation: Long axis over short axis.
        lobes: Amplitude of the outline's waves, as a share of the radius.
        amount: Haematoxylin; 1 is dense.
        chromatin: How much of it is clumped, 0..1.
        rim: How much darker the membrane is.
        jitter: Deviation of its direction from the one given, radians.
    """

    distance: float
    radius: Range
    elongation: Range
    lobes: Range
    amount: Range
    chromatin: float
    rim: float
    jitter: float


NUCLEUS_KINDS = {
    "gland": NucleusKind(
        distance=7.6, radius=(2.7, 3.7), elongation=(1.3, 2.0), lobes=(0.0, 0.06),
        amount=(0.45, 0.75), chromatin=0.35, rim=0.2, jitter=0.25,
    ),
    "tumour": NucleusKind(
        distance=10.0, radius=(2.9, 5.6), elongation=(1.0, 1.6), lobes=(0.03, 0.14),
        amount=(0.35, 0.85), chromatin=0.55, rim=0.3, jitter=9.0,
    ),
    "fibroblast": NucleusKind(
        distance=15.0, radius=(1.9, 2.8), elongation=(2.6, 5.0), lobes=(0.0, 0.08),
        amount=(0.5, 0.85), chromatin=0.2, rim=0.1, jitter=0.3,
    ),
    "lymphocyte": NucleusKind(
        distance=7.5, radius=(2.5, 3.1), elongation=(1.0, 1.15), lobes=(0.0, 0.05),
        amount=(0.85, 1.15), chromatin=0.25, rim=0.1, jitter=9.0,
    ),
    "ghost": NucleusKind(
        distance=12.0, radius=(2.6, 4.2), elongation=(1.0, 1.6), lobes=(0.05, 0.2),
        amount=(0.06, 0.22), chromatin=0.6, rim=0.0, jitter=9.0,
    ),
    "fragment": NucleusKind(
        distance=7.0, radius=(0.5, 1.7), elongation=(1.0, 1.8), lobes=(0.05, 0.3),
        amount=(0.6, 1.2), chromatin=0.1, rim=0.0, jitter=9.0,
    ),
}  # fmt: skip


def scatter(rng: np.random.Generator, grid: Grid, distance: float) -> NDArray[np.float64]:
    """Scatter points over the plane and a little beyond, micrometres, (N, 2) as (depth, lateral).

    They lie on a hexagonal lattice, each moved at random by up to a third of the distance, so that
    they neither overlap much nor stand in rows.
    """
    rows = np.arange(-1, grid.height * grid.spacing / (0.866 * distance) + 1)
    columns = np.arange(-1, grid.width * grid.spacing / distance + 1)
    depth = np.repeat(rows * 0.866, columns.size)
    lateral = (columns[None, :] + 0.5 * (rows[:, None] % 2)).ravel()
    turn, shift = rng.uniform(-0.36, 0.36, (depth.size, 2)), rng.uniform(0.0, 1.0, 2)
    return distance * (np.stack([depth, lateral], axis=1) + turn + shift)


def at(field: NDArray, grid: Grid, points: NDArray[np.float64]) -> NDArray:
    """Read a field (H, W) at points (N, 2) in micrometres; outside, its nearest value."""
    row, column = np.floor(points / grid.spacing).astype(np.intp).T
    return field[np.clip(row, 0, grid.height - 1), np.clip(column, 0, grid.width - 1)]


def draw_nuclei(
    rng: np.random.Generator,
    grid: Grid,
    kind: NucleusKind,
    where: Mask | Floats,
    course: Floats | None = None,
) -> Floats:
    """Draw the nuclei of one kind: haematoxylin, (H, W), 0 between them.

    Args:
        rng: Decides places, sizes and shapes.
        grid: The image plane.
        kind: What they look like.
        where: The chance that a place has one, 0..1, (H, W).
        course: Direction of their long axes, radians, (H, W); any where it is absent.
    """
    points = scatter(rng, grid, kind.distance)
    points = points[rng.random(len(points)) < at(where, grid, points)]
    turns = rng.normal(0.0, kind.jitter, len(points))
    if course is not None:
        turns += at(course, grid, points)
    canvas = np.zeros((grid.height, grid.width), np.float32)
    for point, turn in zip(points / grid.spacing, turns, strict=True):
        stamp(rng, canvas, kind, point, float(turn), grid.spacing)
    return canvas


def stamp(
    rng: np.random.Generator,
    canvas: Floats,
    kind: NucleusKind,
    point: NDArray[np.float64],
    turn: float,
    spacing: float,
) -> None:
    """Draw one nucleus into a canvas (H, W), at a point in pixels; the darker one stays."""
    radius = rng.uniform(*kind.radius) / spacing
    stretch = np.sqrt(rng.uniform(*kind.elongation))
    amount, lobes = rng.uniform(*kind.amount), rng.uniform(*kind.lobes)
    phases, clumps = rng.uniform(0, 2 * np.pi, 2), rng.standard_normal((5, 5))
    reach = int(np.ceil(radius * stretch * (1 + 2 * lobes))) + 2
    top, left = np.floor(point).astype(int) - reach
    rows = np.arange(max(top, 0), min(top + 2 * reach + 1, canvas.shape[0]))
    columns = np.arange(max(left, 0), min(left + 2 * reach + 1, canvas.shape[1]))
    if not rows.size or not columns.size:
        return
    down, across = rows[:, None] + 0.5 - point[0], columns[None, :] + 0.5 - point[1]
    along = (np.cos(turn) * across + np.sin(turn) * down) / stretch
    beside = (np.cos(turn) * down - np.sin(turn) * across) * stretch
    angle = np.arctan2(beside, along)
    outline = 1 + lobes * (np.cos(2 * angle + phases[0]) + np.cos(3 * angle + phases[1]))
    inside = radius * outline - np.hypot(along, beside)  # pixels to the membrane
    shape = np.clip(inside + 0.5, 0.0, 1.0)
    place = [np.clip(2 + 2.4 * axis / radius, 0, 4) for axis in (along, beside)]
    texture = clumps[np.round(place[0]).astype(int), np.round(place[1]).astype(int)]
    rim = kind.rim * np.exp(-((inside * spacing / 0.5) ** 2))
    level = amount * shape * np.clip(1 + 0.4 * kind.chromatin * texture + rim, 0.2, 1.8)
    part = canvas[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    np.maximum(part, level, out=part)
