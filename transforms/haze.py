"""Haze: a band of clutter that reverberation lays over the tissue."""

from __future__ import annotations

from typing import NamedTuple

import torch
from monai.config import KeysCollection

from transforms.gaussian_field import gaussian_field
from transforms.lit_area import depths, lit_area, lit_box
from transforms.parameter_range import Range, parameter_range
from transforms.random_change import RandChanged

_GRAIN = (0.6, 1.2)  # pixels, rows and columns


class Haze(NamedTuple):
    """What was drawn: strength, depth and width of the band, seed of its noise."""

    strength: float
    depth: float
    width: float
    seed: int


class RandHazed(RandChanged):
    """Lays a noisy bright band over the image at one depth.

    y = x + (1 - x) c, with c = s n exp(-(z - z0)^2 / (2 w^2)): n is noise, even in [0.5, 1]
    and with a grain of a pixel, z the depth from the first lit row (0) to the last (1). Only where
    the sector is: the black around it stays, while cysts fill, as they do with real haze.

    Source: the haze artefact of Ostvik et al. 2021, doi:10.1109/TMI.2021.3054566.

    Args:
        keys: images (channel, height, width), in [0, 1], the probe at the top.
        prob: part of the samples that are changed.
        strength: s, 0 to 1; 0 changes nothing.
        depth: z0, parts of the depth, 0 to 1.
        width: w, standard deviation in parts of the depth, 0.001 to 1.
        allow_missing_keys: pass over keys that are missing.

    Raises:
        ValueError: a parameter outside its range.
    """

    def __init__(
        self,
        keys: KeysCollection,
        prob: float = 0.3,
        strength: Range = (0.1, 0.5),
        depth: Range = (0.05, 0.8),
        width: Range = (0.05, 0.2),
        allow_missing_keys: bool = False,
    ) -> None:
        super().__init__(keys, prob, allow_missing_keys)
        self.strength = parameter_range("strength", strength, 0, 1)
        self.depth = parameter_range("depth", depth, 0, 1)
        self.width = parameter_range("width", width, 0.001, 1)

    def drawn(self) -> Haze:
        """Draw the band and the seed of its noise."""
        strength, depth = self.uniform(*self.strength), self.uniform(*self.depth)
        return Haze(strength, depth, self.uniform(*self.width), self.seed())

    def changed(self, image: torch.Tensor) -> torch.Tensor:
        """Lay the band over the image."""
        return hazed(image, *self.draw)


def hazed(
    image: torch.Tensor, strength: float, depth: float, width: float, seed: int
) -> torch.Tensor:
    """Lay haze over an image (channel, height, width); see ``RandHazed``."""
    _, height, total = image.shape
    away = depths(lit_box(image), height)[:, None] - depth
    band = torch.exp(-((away / width) ** 2) / 2)
    noise = (1 + torch.special.ndtr(gaussian_field(height, total, _GRAIN, seed))) / 2
    clutter = strength * band * noise * lit_area(image)
    return image + (1 - image) * clutter
