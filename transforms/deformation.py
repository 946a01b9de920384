"""MONAI's elastic and grid deformation, still at a strength of 0, by a strength and a seed.

MONAI's ``Rand2DElasticd`` and ``RandGridDistortiond`` move pixels by one or two where they should
move none, and the latter shifts what it stretches out of the image.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Hashable, Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from monai.config import KeysCollection
from monai.transforms import GridDistortion, Rand2DElastic
from monai.utils import convert_to_tensor, ensure_tuple

from transforms.moved_masks import moved_masks
from transforms.random_change import RandChanged

_CONTROLS = 5  # control points, or cells, down and across


class Deformation(NamedTuple):
    """What was drawn: strength, and seed of the field or of the steps."""

    amount: float
    seed: int


class RandDeformed(RandChanged):
    """What the random deformations of images and their masks share.

    Args:
        keys: images (channel, height, width), in [0, 1].
        mask_keys: masks (channel, height, width) that move with them, by the nearest pixel. Their
            values and type stay.
        prob: part of the samples that are changed.
        allow_missing_keys: pass over keys that are missing.

    Raises:
        ValueError: ``prob`` is not in [0, 1].
    """

    def __init__(
        self, keys: KeysCollection, mask_keys: KeysCollection, prob: float, allow_missing_keys: bool
    ) -> None:
        super().__init__(keys, prob, allow_missing_keys)
        self.mask_keys = ensure_tuple(mask_keys)

    @abstractmethod
    def moved(self, image: torch.Tensor, mode: str) -> torch.Tensor:
        """Apply ``self.draw`` to (channel, height, width), interpolated by ``mode``."""

    def changed(self, image: torch.Tensor) -> torch.Tensor:
        """Move the pixels of an image."""
        return self.moved(image, "bilinear")

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Give the data with moved images, float32 in [0, 1], and moved masks.

        Raises:
            PictureError: an image is not in [0, 1].
        """
        given = super().__call__(data)
        if self._do_transform:
            for key, mask in moved_masks(self, given, self.mask_keys):
                given[key] = self.moved(mask.float(), "nearest").to(mask.dtype)
        return given


def elastic(image: torch.Tensor, amount: float, seed: int, mode: str) -> torch.Tensor:
    """Move the pixels by a smooth random field.

    Offsets of normal deviates times m are drawn at the points of a control grid, a fifth of the
    image apart, and interpolated between them by cubics: Simard, Steinkraus and Platt 2003,
    doi:10.1109/ICDAR.2003.1227801.

    Args:
        image: (channel, height, width).
        amount: m, parts of the shorter side, a letterbox included, 0 to 0.1; 0 moves nothing.
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

    Each of five cells gets a step of 1 + d times its size, d even in [-m, m], and all are scaled
    so that the image's borders stay: Buslaev et al. 2020, doi:10.3390/info11020125.

    Args:
        image: (channel, height, width).
        amount: m, 0 to 0.9; 0 moves nothing.
        seed: of the steps.
        mode: of the interpolation, ``bilinear`` or ``nearest``.
    """
    if amount == 0:  # MONAI's grid of equal steps still moves pixels by up to one
        return image
    steps = 1 + np.random.RandomState(seed).uniform(-amount, amount, (2, _CONTROLS))
    steps /= steps.mean(axis=1, keepdims=True)
    # MONAI wants a step more; it is not used, as what a division leaves over goes on to the border.
    steps = np.pad(steps, ((0, 0), (0, 1)), constant_values=1)
    distort = GridDistortion(_CONTROLS, steps.tolist(), mode=mode, padding_mode="border")
    return convert_to_tensor(distort(image), track_meta=False)
