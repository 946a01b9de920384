"""Time-gain compensation: the sliders with which an operator sets the gain of each depth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from monai.config import KeysCollection

from transforms.display_gain import DYNAMIC_RANGE, display_gain
from transforms.lit_area import depths, lit_box
from transforms.parameter_range import parameter
from transforms.random_change import RandChanged

_SLIDERS = (2, 32)


class TimeGain(NamedTuple):
    """What was drawn: decibels of each slider, from the probe down."""

    decibels: tuple[float, ...]


class RandTimeGaind(RandChanged):
    """Sets the time-gain sliders at random.

    y = x + g(z) / D, with g the gain in decibels at depth z, linear between the sliders, and D the
    display's dynamic range; black stays black, and y is clipped to [0, 1] (see
    ``transforms.display_gain``). The sliders are spread evenly from the first lit row to the last.

    Source: Singla et al. 2022, Speckle and Shadows: Ultrasound-specific Physics-based Data
    Augmentation for Kidney Segmentation, MIDL, https://openreview.net/forum?id=wgXiQkBryK; of the
    display, Ma, Chapman and Lazenby 1995, doi:10.1109/ULTSYM.1995.495811.

    Args:
        keys: images (channel, height, width), in [0, 1], the probe at the top.
        prob: part of the samples that are changed.
        gain: each slider is drawn between minus and plus this many decibels, 0 to 60; 0 changes
            nothing.
        sliders: their number, 2 to 32.
        dynamic_range: D, dB, 20 to 120.
        allow_missing_keys: pass over keys that are missing.

    Raises:
        ValueError: a parameter outside its range.
    """

    def __init__(
        self,
        keys: KeysCollection,
        prob: float = 0.3,
        gain: float = 8.0,
        sliders: int = 8,
        dynamic_range: float = 60.0,
        allow_missing_keys: bool = False,
    ) -> None:
        super().__init__(keys, prob, allow_missing_keys)
        self.gain = parameter("gain", gain, 0, 60)
        self.dynamic_range = parameter("dynamic_range", dynamic_range, *DYNAMIC_RANGE)
        self.sliders = int(parameter("sliders", sliders, *_SLIDERS, whole=True))

    def drawn(self) -> TimeGain:
        """Draw the position of each slider."""
        return TimeGain(tuple(self.R.uniform(-self.gain, self.gain, self.sliders).tolist()))

    def changed(self, image: torch.Tensor) -> torch.Tensor:
        """Change the gain of each row."""
        return time_gained(image, self.draw.decibels, self.dynamic_range)


def time_gained(
    image: torch.Tensor, decibels: Sequence[float], dynamic_range: float = 60.0
) -> torch.Tensor:
    """Change the gain of the depths of an image (channel, height, width).

    Args:
        image: in [0, 1].
        decibels: of each slider, from the first lit row to the last.
        dynamic_range: of the display, decibels.
    """
    depth = depths(lit_box(image), image.shape[1]).numpy()
    places = np.linspace(0, 1, len(decibels))
    gains = torch.from_numpy(np.interp(depth, places, decibels).astype(np.float32))
    return display_gain(image, gains[:, None], dynamic_range)
