"""The film under a limb: where its pixels lie in the limb's own axes, and what lies over them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.datasets.phantoms.fields import smooth_field
from pipelines.datasets.phantoms.grid import Floats, Grid

Point = tuple[float, float]  # (along the limb, across it), mm


@dataclass
class Film:
    """What lies over a film, or a window of it; all arrays are float32 (H, W).

    Attributes:
        grid: Pixels and their side in mm.
        along: Every pixel's place along the limb, mm; bent a little, as nothing is straight.
        across: Every pixel's place across it, mm.
        flesh: Path through soft tissue, mm.
        cortex: Path through compact bone, mm.
        marrow: Path through spongy bone, mm.
        metal: Absorption of metal, lead and plaster.
    """

    grid: Grid
    along: Floats
    across: Floats
    flesh: Floats
    cortex: Floats
    marrow: Floats
    metal: Floats

    def near(self, points: list[Point], margin: float) -> Film:
        """Take the window round some points; what is laid over it is laid over the film."""
        (a0, c0), (a1, c1) = np.min(points, axis=0) - margin, np.max(points, axis=0) + margin
        close = (self.along > a0) & (self.along < a1) & (self.across > c0) & (self.across < c1)
        window = (span(close.any(axis=1)), span(close.any(axis=0)))
        arrays = (self.along, self.across, self.flesh, self.cortex, self.marrow, self.metal)
        cut = [array[window] for array in arrays]
        height, width = cut[0].shape
        return Film(Grid(height, width, self.grid.spacing), *cut)


def span(found: NDArray[np.bool_]) -> slice:
    """Find the slice that holds every true value of a line, (n,); an empty one where none is."""
    places = np.flatnonzero(found)
    return slice(int(places[0]), int(places[-1]) + 1) if places.size else slice(0, 0)


def blank_film(
    rng: np.random.Generator, grid: Grid, centre: Point, turn: float, mirrored: bool
) -> Film:
    """Lay a film under a limb.

    Args:
        rng: Bends the limb's axes.
        grid: Pixels and their side.
        centre: The place of the limb over the film's middle, mm.
        turn: Of the limb's axis against the film's height, rad.
        mirrored: Whether left and right are changed.
    """
    y = grid.depth - grid.height * grid.spacing / 2
    x = grid.lateral - grid.width * grid.spacing / 2
    x = -x if mirrored else x
    cos, sin = np.float32(np.cos(turn)), np.float32(np.sin(turn))
    along = y * cos - x * sin + np.float32(centre[0])
    across = y * sin + x * cos + np.float32(centre[1])
    for place in (along, across):
        place += np.float32(0.9) * smooth_field(rng, grid, 30.0, 30.0)
        place += np.float32(0.12) * smooth_field(rng, grid, 4.0, 4.0)
    empty = [np.zeros((grid.height, grid.width), np.float32) for _ in range(4)]
    return Film(grid, along, across, *empty)
