"""Collagen: noise drawn out along a smooth course, which makes wavy bundles of fibres.

Source of the method: line integral convolution, Cabral & Leedom 1993, doi:10.1145/166117.166151.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from pipelines.datasets.phantoms.fields import smooth_field
from pipelines.datasets.phantoms.grid import Floats, Grid

STEPS = 14  # samples to each side along a fibre


def draw_course(rng: np.random.Generator, grid: Grid) -> Floats:
    """Draw the direction of the fibres, radians, (H, W): one main direction, bent and wavy."""
    bent = 0.7 * smooth_field(rng, grid, 110.0, 110.0)
    return rng.uniform(0.0, np.pi) + bent + 0.35 * smooth_field(rng, grid, 22.0, 22.0)


def fibres(
    rng: np.random.Generator, grid: Grid, course: Floats, width: float, length: float
) -> Floats:
    """Draw fibres along a course: mean 0, deviation 1, (H, W).

    Args:
        rng: Source of the noise.
        grid: The image plane.
        course: Direction, radians, (H, W).
        width: Of a fibre, micrometres.
        length: Over which it keeps its level, micrometres.
    """
    noise = smooth_field(rng, grid, width, width)
    step = length / (2 * STEPS) / grid.spacing
    total = noise.copy()
    for sign in (-1.0, 1.0):
        total += drawn_out(noise, course, sign * step)
    return (total - total.mean()) / total.std()


def drawn_out(noise: Floats, course: Floats, step: float) -> Floats:
    """Sum the noise along the course to one side, `STEPS` times a step of so many pixels."""
    place = np.indices(noise.shape, dtype=np.float32)
    total = np.zeros_like(noise)
    for _ in range(STEPS):
        nearest = np.round(place).astype(np.intp)
        row = np.clip(nearest[0], 0, noise.shape[0] - 1)
        column = np.clip(nearest[1], 0, noise.shape[1] - 1)
        angle = course[row, column]
        place[0] += step * np.sin(angle)
        place[1] += step * np.cos(angle)
        total += ndimage.map_coordinates(noise, place, order=1, mode="nearest")
    return total
