"""The image plane of a phantom: its pixels, and the arrays that lie on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Mask = NDArray[np.bool_]
Range = tuple[float, float]  # the lowest and the highest value of a draw


@dataclass(frozen=True)
class Grid:
    """The image plane: pixels and their side in mm."""

    height: int
    width: int
    spacing: float

    @property
    def depth(self) -> Floats:
        """Depth of the pixel rows, mm, (H, 1)."""
        return ((np.arange(self.height, dtype=np.float32) + 0.5) * self.spacing)[:, None]

    @property
    def lateral(self) -> Floats:
        """Lateral place of the pixel columns, mm, (1, W)."""
        return ((np.arange(self.width, dtype=np.float32) + 0.5) * self.spacing)[None, :]
