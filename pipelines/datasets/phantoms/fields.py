"""Random fields and lines, of which the textures and the interfaces of tissue are made."""

from __future__ import annotations

import numpy as np
from PIL import Image
from scipy import ndimage

from pipelines.datasets.phantoms.grid import Floats, Grid


def smooth_field(rng: np.random.Generator, grid: Grid, depth: float, lateral: float) -> Floats:
    """Draw a Gaussian random field with correlation lengths in mm; mean 0, deviation 1, (H, W).

    It is drawn on a coarse grid and enlarged, which costs the same for every length.
    """
    coarse_sigma = 1.5
    ends = (grid.height * grid.spacing / depth, grid.width * grid.spacing / lateral)
    rows, columns = (int(np.ceil(end * coarse_sigma)) + 3 for end in ends)
    noise = rng.standard_normal((rows, columns), dtype=np.float32)
    coarse = ndimage.gaussian_filter(noise, coarse_sigma, mode="wrap")
    coarse *= coarse_sigma * 2 * np.sqrt(np.pi)  # the norm of the Gaussian in two dimensions
    fine = Image.fromarray(coarse).resize((grid.width, grid.height), Image.Resampling.BICUBIC)
    return np.asarray(fine)


def wavy_line(rng: np.random.Generator, grid: Grid, height: float, length: float) -> Floats:
    """Draw an interface's undulation in mm, (1, W): `height` is its deviation, `length` its scale.

    It starts from a line of white noise smoothed over `length`, periodic in the lateral axis.
    """
    sigma = max(length / grid.spacing, 1.0)
    noise = rng.standard_normal(grid.width + int(6 * sigma))
    line = ndimage.gaussian_filter1d(noise, sigma, mode="wrap")[: grid.width]
    return (height * np.sqrt(2 * sigma * np.sqrt(np.pi)) * line)[None, :].astype(np.float32)


def strands(field: Floats, half_width: float, spacing: float) -> Floats:
    """Turn a field's zero crossings into lines of constant width: up to 1, and 0 between them.

    The zero set of a smooth random field is a net of closed curves: septa between lobules when
    the field is round, fibres when it is drawn out. |f| / |grad f| is the distance to it. They
    reflect as mirrors do, so a line fades as it turns towards the beam's own direction.

    Args:
        field: A smooth random field, (H, W).
        half_width: Gaussian half-width of a line, mm.
        spacing: Pixel side, mm.
    """
    down, across = np.gradient(field, spacing)
    slope = np.sqrt(down**2 + across**2) + 0.05
    width = max(half_width, 0.5 * spacing)
    return (down / slope) ** 2 * np.exp(-((field / slope) ** 2) / (2 * width**2))


def bend(field: Floats, shift: Floats, spacing: float) -> Floats:
    """Move each column of a field (H, W) down by `shift` (1, W) mm, so that it follows a layer."""
    moved = np.arange(field.shape[0])[:, None] - np.round(shift / spacing).astype(int)
    return np.take_along_axis(field, moved % field.shape[0], axis=0)
