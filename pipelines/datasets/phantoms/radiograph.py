"""The physics of a radiograph: absorption in, grey values out.

What reaches the detector is exp(-absorption) of the beam, and scattered photons with it; the focal
spot and the detector blur it, and the photons are counted. Its logarithm is shown, dense is white.

Absorptions are for about 60 kV; source of the coefficients: NIST X-ray mass attenuation
coefficients, doi:10.18434/T4D01F.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipelines.datasets.phantoms.grid import Floats, Grid

FLESH, CORTEX, MARROW, METAL, LEAD = 0.024, 0.085, 0.02, 0.9, 6.0  # per mm; bone: beyond flesh


@dataclass(frozen=True)
class Exposure:
    """How a radiograph is taken and shown.

    Attributes:
        photons: Per pixel where nothing absorbs.
        scatter: Scattered photons as a share of the primary ones.
        blur: Deviation of the point-spread function, mm.
        middle: Grey value of the body's median, 0 to 1.
        light: Grey value that three pixels in a hundred of the body exceed, 0 to 1.
        gamma: Exponent of the grey map.
    """

    photons: float
    scatter: float
    blur: float
    middle: float
    light: float
    gamma: float


def detected(
    rng: np.random.Generator, absorption: Floats, grid: Grid, exposure: Exposure
) -> Floats:
    """Count what arrives, as a share of the unattenuated beam, (H, W), above zero.

    Args:
        rng: Source of the quantum noise.
        absorption: Line integral of the attenuation coefficient, (H, W).
        grid: Pixels and their side.
        exposure: See `Exposure`.
    """
    primary = np.exp(-absorption)
    sharp = ndimage.gaussian_filter(primary, exposure.blur / grid.spacing)
    beam = sharp + exposure.scatter * haze(primary, grid)
    counted = rng.poisson(exposure.photons * beam).astype(np.float32)
    return np.maximum(counted, 0.5) / np.float32(exposure.photons)


def haze(primary: Floats, grid: Grid) -> Floats:
    """Spread the primary image over some 15 mm, as scattered photons are; on a coarse grid."""
    step = max(min(primary.shape) // 32, 1)
    coarse = ndimage.uniform_filter(primary, step)[::step, ::step]
    coarse = ndimage.gaussian_filter(coarse, 15.0 / (grid.spacing * step), mode="nearest")
    rows, columns = (np.arange(n, dtype=np.float32) / step for n in primary.shape)
    place = np.meshgrid(rows, columns, indexing="ij")
    return ndimage.map_coordinates(coarse, place, order=1, mode="nearest")


def develop(share: Floats, body: NDArray[np.bool_], exposure: Exposure) -> Floats:
    """Show what was counted: dense is white, and two quantiles of the body get their grey values.

    A machine chooses its window by the image's histogram in the same way; so the histogram says
    little of what is in the body.

    Args:
        share: Counted photons as a share of the beam's, (H, W).
        body: The pixels that count, bool (H, W).
        exposure: See `Exposure`.

    Returns:
        Grey values 0 to 1, (H, W).
    """
    dense = -np.log(share)
    low, high = np.quantile(dense[body] if body.any() else dense, (0.5, 0.97))
    middle, light = (grey ** (1 / exposure.gamma) for grey in (exposure.middle, exposure.light))
    slope = (light - middle) / max(float(high - low), 0.2)
    return np.clip(middle + slope * (dense - low), 0.0, 1.0) ** exposure.gamma


def collimator(
    rng: np.random.Generator, grid: Grid, widest: float = 0.16
) -> tuple[Floats, tuple[int, int, int, int]]:
    """Draw the lead blades round the field: turned a little, soft at the edge, now and then none.

    Args:
        rng: Decides everything.
        grid: Pixels and their side.
        widest: How far a blade may reach in, as a share of the side.

    Returns:
        How open the field is, 0 to 1, (H, W), and a box of pixels (top, bottom, left, right) that
        surely lies in it.
    """
    margins = rng.uniform(0.0, widest, 4) * (rng.random(4) < 0.6)
    turn = float(rng.normal(0.0, 0.03))
    y = np.linspace(-1, 1, grid.height, dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, grid.width, dtype=np.float32)[None, :]
    down, across = y + turn * x, x - turn * y
    top, bottom, left, right = (float(1 - 2 * margin if margin else 2) for margin in margins)
    inner = np.minimum(np.minimum(down + top, bottom - down), across + left)
    field = np.clip(np.minimum(inner, right - across) / rng.uniform(0.01, 0.03), 0.0, 1.0)
    safe = margins + 0.03 + abs(turn)
    rows = (round(safe[0] * grid.height), round((1 - safe[1]) * grid.height))
    columns = (round(safe[2] * grid.width), round((1 - safe[3]) * grid.width))
    return field.astype(np.float32), (*rows, *columns)
