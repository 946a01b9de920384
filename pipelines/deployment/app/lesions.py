"""How large the regions of a mask are: area, long axis and the width across it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull
from scipy.spatial.distance import pdist, squareform
from skimage.measure import label, regionprops

from pipelines.datasets.sources.dicom_spacing import Spacing
from pipelines.deployment.app.outlines import outer_border

MOST = 10
"""Regions of a frame that are measured: the largest. Reports of hundreds help nobody."""

_CORNERS = np.array([(0, 0), (0, 1), (1, 0), (1, 1)])


@dataclass(frozen=True)
class Lesion:
    """A region of a mask, pixels that touch also at corners.

    Attributes:
        label: its class index.
        pixels: their number.
        area: in mm², or in pixels where no spacing is known.
        long_axis: the greatest distance of two of its points, in mm or in pixels' sides.
        short_axis: its width across the long axis.
        in_mm: whether they are in mm² and mm.
        outline: closed line around it and its holes, (points, 2): column and row, where (0, 0) is
            the upper left corner of the image; as DICOM's SCOORD counts.
    """

    label: int
    pixels: int
    area: float
    long_axis: float
    short_axis: float
    in_mm: bool
    outline: NDArray[np.float64]


def measure(mask: NDArray[np.uint8], spacing: Spacing | None) -> tuple[tuple[Lesion, ...], int]:
    """Measures the largest regions of a mask.

    Args:
        mask: class indices (height, width); 0 is the background.
        spacing: millimetres (from row to row, from column to column), or nothing.

    Returns:
        The regions, the largest first, and how many smaller ones were left out.
    """
    regions = [
        (int(index), region)
        for index in np.unique(mask[mask > 0])
        for region in regionprops(label(mask == index, connectivity=2))
    ]
    regions.sort(key=lambda each: -each[1].area)
    measured = tuple(_measured(index, region, spacing) for index, region in regions[:MOST])
    return measured, max(0, len(regions) - MOST)


def _measured(index: int, region: object, spacing: Spacing | None) -> Lesion:
    image = np.asarray(region.image)  # type: ignore[attr-defined]
    row, column = region.bbox[:2]  # type: ignore[attr-defined]
    scale = np.array(spacing or (1.0, 1.0))
    long_axis, short_axis = axes(image, scale)
    pixels = int(image.sum())
    return Lesion(
        label=index,
        pixels=pixels,
        area=float(pixels * scale.prod()),
        long_axis=long_axis,
        short_axis=short_axis,
        in_mm=spacing is not None,
        outline=outer_border(image) + np.array([column, row]),
    )


def axes(region: NDArray[np.bool_], scale: NDArray[np.float64]) -> tuple[float, float]:
    """Gives the greatest distance of two points of a region, and its width across that.

    Pixels are areas, not points: a single one is as long as its diagonal.

    Args:
        region: bool, (height, width).
        scale: lengths of a pixel's sides (down, across).

    Examples:
        >>> axes(np.ones((3, 4), dtype=bool), np.array([1.0, 1.0]))
        (5.0, 4.8)
    """
    corners = (np.argwhere(region)[:, None] + _CORNERS).reshape(-1, 2) * scale
    points = corners[ConvexHull(corners).vertices]
    distances = squareform(pdist(points))
    one, other = np.unravel_index(distances.argmax(), distances.shape)
    along = (points[other] - points[one]) / distances[one, other]
    across = points @ np.array([-along[1], along[0]])
    return float(distances[one, other]), float(np.round(np.ptp(across), 9))
