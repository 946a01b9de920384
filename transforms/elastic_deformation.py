"""Elastic deformation: soft tissue that is pressed and drawn."""

from __future__ import annotations

import torch
from monai.config import KeysCollection

from transforms.deformation import Deformation, RandDeformed, elastic
from transforms.parameter_range import Range, parameter_range


class RandElasticDeformationd(RandDeformed):
    """Moves the pixels of images and masks by one smooth random field.

    Offsets of normal deviates times m are drawn at the points of a control grid, a fifth of the
    image apart, and interpolated between them by cubics (MONAI's ``Rand2DElastic``).

    Source: Simard, Steinkraus and Platt 2003, doi:10.1109/ICDAR.2003.1227801.

    Args:
        keys: images (channel, height, width), in [0, 1].
        mask_keys: masks (channel, height, width) that move with them, by the nearest pixel. Their
            values and type stay.
        prob: part of the samples that are changed.
        amount: m, parts of the shorter side, 0 to 0.1; 0 changes nothing.
        allow_missing_keys: pass over keys that are missing.

    Raises:
        ValueError: a parameter outside its range.
    """

    def __init__(
        self,
        keys: KeysCollection,
        mask_keys: KeysCollection = (),
        prob: float = 0.3,
        amount: Range = (0.005, 0.015),
        allow_missing_keys: bool = False,
    ) -> None:
        super().__init__(keys, mask_keys, prob, allow_missing_keys)
        self.amount = parameter_range("amount", amount, 0, 0.1)

    def drawn(self) -> Deformation:
        """Draw the strength and the seed of the field."""
        return Deformation(self.uniform(*self.amount), self.seed())

    def moved(self, image: torch.Tensor, mode: str) -> torch.Tensor:
        """Move the pixels of an image or a mask."""
        return elastic(image, self.draw.amount, self.draw.seed, mode)
