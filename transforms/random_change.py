"""A random change of images, drawn in one method and applied in another."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Mapping
from typing import Any, NamedTuple

import torch
from monai.config import KeysCollection
from monai.transforms import MapTransform, RandomizableTransform

from transforms.parameter_range import parameter
from transforms.unit_image import unit_image


class RandChanged(RandomizableTransform, MapTransform, ABC):
    """What the random changes of images share.

    All images of a sample get the same change. What was drawn stays in ``draw``; applying it draws
    nothing more, so that the same state gives the same samples.

    Args:
        keys: images (channel, height, width), in [0, 1].
        prob: part of the samples that are changed.
        allow_missing_keys: pass over keys that are missing.

    Raises:
        ValueError: ``prob`` is not in [0, 1].
    """

    def __init__(self, keys: KeysCollection, prob: float, allow_missing_keys: bool) -> None:
        MapTransform.__init__(self, keys, allow_missing_keys)
        RandomizableTransform.__init__(self, parameter("prob", prob, 0, 1))
        self.draw: Any = None

    @abstractmethod
    def drawn(self) -> NamedTuple:
        """Draw the parameters of one sample from ``self.R``."""

    @abstractmethod
    def changed(self, image: torch.Tensor) -> torch.Tensor:
        """Apply ``self.draw`` to an image (channel, height, width), and to no other number."""

    def randomize(self, data: Any = None) -> None:
        """Draw whether the sample is changed, and how."""
        super().randomize(None)
        self.draw = self.drawn()

    def uniform(self, low: float, high: float) -> float:
        """Draw a number between two."""
        return float(self.R.uniform(low, high))

    def seed(self) -> int:
        """Draw the seed of noise."""
        return int(self.R.randint(2**31, dtype="int64"))

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Give the data with changed images, float32 in [0, 1].

        Raises:
            PictureError: an image is not in [0, 1].
        """
        given = dict(data)
        self.randomize(given)
        for key in self.key_iterator(given):
            image = unit_image(given[key], key, type(self).__name__)
            given[key] = (self.changed(image) if self._do_transform else image).clamp(0, 1)
        return given
