"""A slide scanner: lens blur, uneven light, photon and read noise, eight bits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipelines.datasets.phantoms.fields import smooth_field
from pipelines.datasets.phantoms.grid import Floats, Grid


@dataclass(frozen=True)
class SlideScanner:
    """One scanner's settings.

    Attributes:
        blur: Deviation of the point-spread function, micrometres.
        photons: Collected by a white pixel; the noise is their square root.
        read_noise: Grey values of 255.
        shading: How much the light varies over the field, 0..1.
        gamma: Exponent of the tone curve.
    """

    blur: float
    photons: float
    read_noise: float
    shading: float
    gamma: float


def draw_slide_scanner(rng: np.random.Generator) -> SlideScanner:
    """Draw a scanner's settings."""
    return SlideScanner(
        blur=float(rng.uniform(0.45, 0.95)),
        photons=float(rng.uniform(3000.0, 9000.0)),
        read_noise=float(rng.uniform(0.6, 1.8)),
        shading=float(rng.uniform(0.0, 0.02)),
        gamma=float(rng.uniform(0.9, 1.1)),
    )


def scanned(
    rng: np.random.Generator, light: Floats, grid: Grid, scanner: SlideScanner
) -> NDArray[np.uint8]:
    """Take a picture, uint8 (H, W, 3), of transmitted light (H, W, 3), 0..1."""
    focus = scanner.blur * rng.uniform(0.85, 1.4) / grid.spacing
    seen = ndimage.gaussian_filter(light, (focus, focus, 0))
    shade = 1 + scanner.shading * smooth_field(rng, grid, 250.0, 250.0)
    seen = np.clip(seen * shade[..., None], 0.0, 1.0)
    deviation = np.sqrt(seen / scanner.photons + (scanner.read_noise / 255) ** 2)
    seen = seen + deviation * rng.standard_normal(seen.shape, dtype=np.float32)
    return np.round(255 * np.clip(seen, 0.0, 1.0) ** scanner.gamma).astype(np.uint8)
