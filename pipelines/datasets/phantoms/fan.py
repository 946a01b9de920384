"""The fan of a curved array: its beams side by side as a grid, and the picture made of them.

Sound runs along the beams, so scatterers, shadows and mirror-like echoes are worked out on a grid
whose rows are samples along a beam and whose columns are beams. Only the picture is Cartesian.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import ndimage

from pipelines.datasets.phantoms.grid import Floats, Grid


@dataclass(frozen=True)
class Fan:
    """The beams of a curved array.

    Attributes:
        radius: The array's radius of curvature, mm.
        half_angle: Of the fan, rad.
        grid: Samples (rows) by beams (columns). The lateral spacing is true at the focus; nearer
            the beams lie closer, and beyond it wider, by which the resolution falls.
    """

    radius: float
    half_angle: float
    grid: Grid

    @cached_property
    def place(self) -> tuple[Floats, Floats]:
        """Depth below the array's middle and lateral place of every sample, mm, (H, W) each."""
        beam = (np.arange(self.grid.width, dtype=np.float32) + 0.5) / self.grid.width
        angle = self.half_angle * (2 * beam - 1)[None, :]
        radius = self.grid.depth + np.float32(self.radius)
        return radius * np.cos(angle) - np.float32(self.radius), radius * np.sin(angle)


@dataclass(frozen=True)
class View:
    """The part of the plane that the picture shows: its pixels, and its upper left corner in mm."""

    grid: Grid
    top: float
    left: float


def make_fan(radius: float, half_angle: float, depth: float, focus: float, rows: int) -> Fan:
    """Lay out a fan, such that a sample is as long as it is wide at the focus.

    Args:
        radius: The array's radius of curvature, mm.
        half_angle: Of the fan, rad.
        depth: Length of the beams, mm.
        focus: Depth of the focus, mm.
        rows: Samples along a beam.
    """
    spacing = depth / rows
    beams = round(2 * half_angle * (radius + focus) / spacing)
    return Fan(radius, half_angle, Grid(rows, max(beams, 8), spacing))


def scan_convert(signal: Floats, fan: Fan, view: View) -> tuple[Floats, Floats]:
    """Put the beams where they lie in the picture.

    Args:
        signal: One value for each sample, (samples, beams).
        fan: The beams.
        view: What the picture shows.

    Returns:
        The values, (H, W), and whether the pixel lies in the fan, 0 to 1, (H, W).
    """
    down = view.grid.depth + (view.top + fan.radius)
    across = view.grid.lateral + view.left
    sample = (np.hypot(down, across) - fan.radius) / fan.grid.spacing - 0.5
    beam = (np.arctan2(across, down) / fan.half_angle + 1) / 2 * fan.grid.width - 0.5
    picture = ndimage.map_coordinates(signal, (sample, beam), order=1, mode="nearest")
    ends = np.minimum(sample, fan.grid.height - 1 - sample) + 0.5
    sides = np.minimum(beam, fan.grid.width - 1 - beam) + 0.5
    inside = np.clip(np.minimum(ends, sides) + 0.5, 0.0, 1.0)
    return picture.astype(np.float32), inside.astype(np.float32)
