"""Grid deformation: tissue that a probe squeezes here and stretches there."""

from __future__ import annotations

import torch
from monai.config import KeysCollection

from transforms.deformation import Deformation, RandDeformed, grid_distorted
from transforms.parameter_range import Range, parameter_range


class RandGridDeformationd(RandDeformed):
    """Stretches and squeezes the cells of a grid in images and masks, down and across.

    Each of five cells a side gets a step of 1 + d times its size, d even in [-m, m], and all are
    scaled so that the image's borders stay (MONAI's ``GridDistortion``).

    Source: Buslaev et al. 2020, doi:10.3390/info11020125.

    Args:
        keys: images (channel, height, width), in [0, 1].
        mask_keys: masks (channel, height, width) that move with them, by the nearest pixel. Their
            values and type stay.
        prob: part of the samples that are changed.
        amount: m, 0 to 0.9; 0 changes nothing.
        allow_missing_keys: pass over keys that are missing.

    Raises:
        ValueError: a parameter outside its range.
    """

    def __init__(
        self,
        keys: KeysCollection,
        mask_keys: KeysCollection = (),
        prob: float = 0.3,
        amount: Range = (0.1, 0.3),
        allow_missing_keys: bool = False,
    ) -> None:
        super().__init__(keys, mask_keys, prob, allow_missing_keys)
        self.amount = parameter_range("amount", amount, 0, 0.9)

    def drawn(self) -> Deformation:
        """Draw the strength and the seed of the steps."""
        return Deformation(self.uniform(*self.amount), self.seed())

    def moved(self, image: torch.Tensor, mode: str) -> torch.Tensor:
        """Move the pixels of an image or a mask."""
        return grid_distorted(image, self.draw.amount, self.draw.seed, mode)
