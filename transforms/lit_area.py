"""Where an ultrasound image shows anything: its sector, without the black around it."""

from __future__ import annotations

from typing import NamedTuple

import torch

_DARK = 0.02  # of [0, 1]: what compression leaves in the black around a sector


class Box(NamedTuple):
    """Rows and columns, the second of each not among them any more."""

    top: int
    bottom: int
    left: int
    right: int


def lit_box(image: torch.Tensor) -> Box:
    """Give the smallest box around all that is lit; the whole image where nothing is.

    Args:
        image: (channel, height, width), in [0, 1]; letterboxed or not.
    """
    lit = (image > _DARK).any(dim=0)
    if not lit.any():
        return Box(0, image.shape[1], 0, image.shape[2])
    rows, columns = lit.any(dim=1).nonzero(), lit.any(dim=0).nonzero()
    return Box(int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1)


def lit_part(image: torch.Tensor) -> torch.Tensor:
    """Give the part of an image (channel, height, width) in its ``lit_box``, as a view of it."""
    box = lit_box(image)
    return image[:, box.top : box.bottom, box.left : box.right]


def lit_area(image: torch.Tensor) -> torch.Tensor:
    """Tell which pixels are lit, or have lit ones on all four sides, as those in a cyst do.

    Args:
        image: (channel, height, width), in [0, 1].

    Returns:
        (height, width), bool.
    """
    lit = (image > _DARK).any(dim=0).int()
    area = torch.ones_like(lit, dtype=torch.bool)
    for axis in (0, 1):
        area &= lit.cumsum(axis) > 0
        area &= lit.flip(axis).cumsum(axis).flip(axis) > 0
    return area


def depths(box: Box, height: int) -> torch.Tensor:
    """Give the depth of each row's middle, (height,): 0 at the top of a box, 1 at its bottom."""
    rows = torch.arange(height) + 0.5 - box.top
    return (rows / (box.bottom - box.top)).clamp(0, 1)
