"""The border of a mask as closed lines: what every picture with outlines draws."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from skimage.measure import find_contours


def outline(mask: NDArray[np.bool_]) -> list[NDArray[np.float64]]:
    """Trace the border of a mask, closed also where the mask meets the edge of the image.

    Args:
        mask: bool, (H, W).

    Returns:
        Closed lines of (row, column) in pixels, each (points, 2); whole numbers are the centres of
        pixels. Around a part of the mask a line runs the other way than around a hole.
    """
    padded = np.pad(mask, 1).astype(float)
    # "high" joins pixels that touch at a corner, as the count of lesions does.
    return [line - 1 for line in find_contours(padded, 0.5, fully_connected="high")]
