"""Acoustic shadows: what lies below bone, gas, calcium, or a probe that does not touch."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from monai.config import KeysCollection

from transforms.lit_area import lit_part
from transforms.parameter_range import Range, parameter_range
from transforms.random_change import RandChanged

_EDGE = 0.02  # parts of the height over which a shadow begins


class Shadow(NamedTuple):
    """What was drawn: part of the echo that is lost, place and width, and the beam's angle."""

    strength: float
    centre: float
    start: float
    width: float
    angle: float


class RandAcousticShadowd(RandChanged):
    """Darkens a band along the beam, from a depth on.

    y = x (1 - s exp(-u^2 / (2 w^2)) / (1 + exp(-(z - z0) / 0.02))), with z the depth, z0 that at
    which the shadow begins (parts of the height), u the distance from the beam's middle and w the
    width (parts of the width).

    Source: the Gaussian shadow of Smistad et al. 2018, doi:10.1117/1.JMI.5.4.044004; here it is
    Gaussian across the beam only, and reaches to the bottom as real shadows do.

    Args:
        keys: images (channel, height, width), in [0, 1], the probe at the top.
        prob: part of the samples that are changed.
        strength: s, part that is lost in the middle, 0 to 1; 0 changes nothing.
        start: z0, parts of the height, 0 to 1.
        width: w, standard deviation in parts of the width, 0.001 to 1.
        angle: of the beam to the vertical, degrees, -60 to 60.
        allow_missing_keys: pass over keys that are missing.

    Raises:
        ValueError: a parameter outside its range.
    """

    def __init__(
        self,
        keys: KeysCollection,
        prob: float = 0.3,
        strength: Range = (0.3, 0.8),
        start: Range = (0.0, 0.6),
        width: Range = (0.03, 0.12),
        angle: Range = (-10.0, 10.0),
        allow_missing_keys: bool = False,
    ) -> None:
        super().__init__(keys, prob, allow_missing_keys)
        self.strength = parameter_range("strength", strength, 0, 1)
        self.start = parameter_range("start", start, 0, 1)
        self.width = parameter_range("width", width, 0.001, 1)
        self.angle = parameter_range("angle", angle, -60, 60)

    def drawn(self) -> Shadow:
        """Draw the shadow; its beam enters anywhere."""
        ranges = (self.strength, (0.0, 1.0), self.start, self.width, self.angle)
        return Shadow(*(self.uniform(*each) for each in ranges))

    def changed(self, image: torch.Tensor) -> torch.Tensor:
        """Darken what lies in the shadow."""
        return shadowed(image, *self.draw)


def shadowed(
    image: torch.Tensor,
    strength: float,
    centre: float,
    start: float,
    width: float,
    angle: float = 0.0,
) -> torch.Tensor:
    """Put an image (channel, height, width) in a shadow; see ``RandAcousticShadowd``.

    Args:
        image: in [0, 1]. Its height and width are those of what is lit, without a letterbox.
        strength: part that is lost.
        centre: where the beam's middle is at the depth ``start``, parts of the width.
        start: where the shadow begins, parts of the height.
        width: standard deviation, parts of the width.
        angle: of the beam, degrees; positive turns its lower end to the right.
    """
    image = image.clone()
    part = lit_part(image)
    _, height, total = part.shape
    rows = torch.arange(height)[:, None] + 0.5
    columns = torch.arange(total)[None] + 0.5
    middle = centre * total + math.tan(math.radians(angle)) * (rows - start * height)
    across = torch.exp(-(((columns - middle) / (width * total)) ** 2) / 2)
    begun = torch.sigmoid((rows / height - start) / _EDGE)
    part *= 1 - strength * across * begun
    return image
