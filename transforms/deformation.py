"""MONAI's elastic and grid deformation, of a strength and a seed that a policy has drawn.

In a bundle's list of transforms MONAI's own ``Rand2DElasticd`` and ``RandGridDistortiond`` serve
images and masks alike; here are the same deformations for ``transforms.augmentation_operations``.
"""

from __future__ import annotations

import torch
from monai.transforms import Rand2DElastic, RandGridDistortion
from monai.utils import convert_to_tensor

_CONTROLS = 5  # control points, or cells, down and across


def elastic(image: torch.Tensor, amount: float, seed: int, mode: str) -> torch.Tensor:
    """Move the pixels by a smooth random field.

    Offsets of normal deviates times m are drawn at the points of a control grid, a fifth of the
    image apart, and interpolated between them by cubics: Simard, Steinkraus and Platt 2003,
    doi:10.1109/ICDAR.2003.1227801.

    Args:
        image: (channel, height, width).
        amount: m, parts of the shorter side, 0 to 0.1; 0 moves nothing.
        seed: of the field.
        mode: of the interpolation, ``bilinear`` or ``nearest``.
    """
    if amount == 0:  # MONAI's interpolated grid of no offsets still moves pixels by one or two
        return image
    height, width = image.shape[1:]
    pixels = amount * min(height, width)
    deform = Rand2DElastic(
        spacing=(max(1, height // _CONTROLS), max(1, width // _CONTROLS)),
        magnitude_range=(pixels, pixels),
        prob=1.0,
        mode=mode,
        padding_mode="zeros",
    ).set_random_state(seed)
    return convert_to_tensor(deform(image), track_meta=False)


def grid_distorted(image: torch.Tensor, amount: float, seed: int, mode: str) -> torch.Tensor:
    """Stretch and squeeze the cells of a grid, down and across by themselves.

    Each of five cells gets a step of 1 + d times its size, d even in [-m, m]: Buslaev et al. 2020,
    doi:10.3390/info11020125.

    Args:
        image: (channel, height, width).
        amount: m, 0 to 0.9; 0 moves nothing.
        seed: of the steps.
        mode: of the interpolation, ``bilinear`` or ``nearest``.
    """
    if amount == 0:  # MONAI's grid of equal steps still moves pixels by up to one
        return image
    distort = RandGridDistortion(
        num_cells=_CONTROLS,
        prob=1.0,
        distort_limit=amount,
        mode=mode,
        padding_mode="zeros",
    ).set_random_state(seed)
    return convert_to_tensor(distort(image), track_meta=False)
