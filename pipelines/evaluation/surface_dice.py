"""Surface Dice: how much of the border of a class is drawn where it is, within a tolerance."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion, distance_transform_edt

TOLERANCE = 2.0
"""Pixels by which a border may be off where nobody says otherwise."""


def surface_dice(
    prediction: NDArray[np.bool_], truth: NDArray[np.bool_], tolerance: float = TOLERANCE
) -> float:
    """Gives the share of both borders that lies within ``tolerance`` of the other one.

    A border is the outermost pixels of the class. The frame of the image is none: it cuts the class
    off, and nobody drew it. (MONAI's ``compute_surface_dice`` counts it as one, in both masks, so
    that classes which fill an image would agree along a frame.)

    Source: Nikolov et al. 2021, "Clinically Applicable Segmentation of Head and Neck Anatomy for
    Radiotherapy", doi:10.2196/26151, by pixels in the place of surface elements.

    Args:
        prediction: predicted mask, bool, (H, W).
        truth: annotated mask, bool, (H, W).
        tolerance: greatest distance that is let pass, pixels.

    Returns:
        0 to 1. 0 where only one mask has a border, or where one is empty and the other fills the
        image. NaN where neither has a border and both are the same.

    Examples:
        >>> truth = np.zeros((8, 8), dtype=bool)
        >>> truth[:, :4] = True
        >>> surface_dice(np.roll(truth, 1, axis=0), truth), surface_dice(~truth, truth, 0.5)
        (1.0, 0.0)
    """
    borders = [_border(mask) for mask in (prediction, truth)]
    whole = sum(int(border.sum()) for border in borders)
    if not whole:
        return math.nan if prediction.any() == truth.any() else 0.0
    if not all(border.any() for border in borders):
        return 0.0
    near = [
        int((distance_transform_edt(~other)[border] <= tolerance).sum())
        for border, other in (borders, borders[::-1])
    ]
    return sum(near) / whole


def _border(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Gives the pixels of a mask that touch, by a side, what is not of it."""
    return mask & ~binary_erosion(mask, border_value=1)
