"""Attenuation that the scanner did not make up for: the deep of the image darkens."""

from __future__ import annotations

from typing import NamedTuple

import torch
from monai.config import KeysCollection

from transforms.display_gain import DYNAMIC_RANGE, display_gain
from transforms.lit_area import depths, lit_box
from transforms.parameter_range import Range, parameter, parameter_range
from transforms.random_change import RandChanged


class Attenuation(NamedTuple):
    """What was drawn: attenuation in dB/cm, depth of the image in cm."""

    attenuation: float
    depth: float


class RandDepthAttenuationd(RandChanged):
    """Takes 2 a z decibels from the echoes of depth z, as tissue that attenuates more does.

    y = x - 2 a z / D, clipped to [0, 1]: a is the attenuation in dB/cm beyond what the scanner
    makes up for, the way is there and back, and D the display's dynamic range (see
    ``transforms.display_gain``). z is 0 in the first row that is lit, and the image's depth in the
    last one.

    Sources: attenuation at 1 MHz, 0.35 dB/cm in skin, 0.75 in the breast, 1.57 in connective
    tissue, Diagnostics 2023, 13(5):855, doi:10.3390/diagnostics13050855, table 4; as an
    augmentation, Ostvik et al. 2021, doi:10.1109/TMI.2021.3054566.

    Args:
        keys: images (channel, height, width), in [0, 1], the probe at the top.
        prob: part of the samples that are changed.
        attenuation: a, dB/cm, 0 to 20; 0 changes nothing.
        depth: of the image, cm, 0.5 to 30.
        dynamic_range: D, dB, 20 to 120.
        allow_missing_keys: pass over keys that are missing.

    Raises:
        ValueError: a parameter outside its range.
    """

    def __init__(
        self,
        keys: KeysCollection,
        prob: float = 0.3,
        attenuation: Range = (0.0, 1.5),
        depth: Range = 4.0,
        dynamic_range: float = 60.0,
        allow_missing_keys: bool = False,
    ) -> None:
        super().__init__(keys, prob, allow_missing_keys)
        self.attenuation = parameter_range("attenuation", attenuation, 0, 20)
        self.depth = parameter_range("depth", depth, 0.5, 30)
        self.dynamic_range = parameter("dynamic_range", dynamic_range, *DYNAMIC_RANGE)

    def drawn(self) -> Attenuation:
        """Draw the attenuation and the image's depth."""
        return Attenuation(self.uniform(*self.attenuation), self.uniform(*self.depth))

    def changed(self, image: torch.Tensor) -> torch.Tensor:
        """Take what was drawn from each row."""
        attenuation, depth = self.draw
        return attenuated(image, 2 * attenuation * depth, self.dynamic_range)


def attenuated(image: torch.Tensor, decibels: float, dynamic_range: float = 60.0) -> torch.Tensor:
    """Take decibels from an image (channel, height, width) in proportion to the depth.

    Args:
        image: in [0, 1].
        decibels: that its deepest row loses, there and back.
        dynamic_range: of the display, decibels.
    """
    lost = decibels * depths(lit_box(image), image.shape[1])
    return display_gain(image, -lost[:, None], dynamic_range)
