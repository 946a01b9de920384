"""The fan of a curved or phased probe: what it does not see is black."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import Any, NamedTuple

import torch
from monai.config import KeysCollection
from monai.utils import ensure_tuple

from transforms.lit_area import Box, lit_box
from transforms.moved_masks import moved_masks
from transforms.parameter_range import Range, parameter_range
from transforms.random_change import RandChanged
from transforms.unit_image import plain


class Fan(NamedTuple):
    """What was drawn: the fan's angle in degrees, and the box that it lies in."""

    opening: float
    box: Box | None = None


class RandProbeSectord(RandChanged):
    """Shows only the fan that a curved probe would see.

    The fan lies in the box of what is lit, W wide and H high: its far arc is as wide as the box and
    touches its bottom, so that R sin(o / 2) = W / 2 for the opening o and the far radius R. Its
    apex lies R - H above the box, or in the middle of its top where R < H; the probe's own arc
    begins at the top of the box. y = x inside, 0 outside. An opening of 0 is the rectangle of a
    linear probe, and changes nothing. A lesion outside is not seen any more: masks are cut, too.

    Source: the geometry of curved arrays, Szabo, Diagnostic Ultrasound Imaging: Inside Out, 2nd
    edition 2014, doi:10.1016/C2011-0-07261-7.

    Args:
        keys: images (channel, height, width), in [0, 1], the probe at the top. The first one tells
            the box for all.
        mask_keys: masks (channel, height, width); they become 0 outside. Their type stays.
        prob: part of the samples that are changed.
        opening: o, degrees, 0 to 120.
        allow_missing_keys: pass over keys that are missing.

    Raises:
        ValueError: a parameter outside its range.
    """

    def __init__(
        self,
        keys: KeysCollection,
        mask_keys: KeysCollection = (),
        prob: float = 0.3,
        opening: Range = (20.0, 70.0),
        allow_missing_keys: bool = False,
    ) -> None:
        super().__init__(keys, prob, allow_missing_keys)
        self.mask_keys = ensure_tuple(mask_keys)
        self.opening = parameter_range("opening", opening, 0, 120)

    def drawn(self) -> Fan:
        """Draw the opening."""
        return Fan(self.uniform(*self.opening))

    def randomize(self, data: Any = None) -> None:
        """Draw whether the sample is changed, and the fan in the box of its first image."""
        super().randomize(data)
        first = self.first_key(data)
        if first != ():
            self.draw = self.draw._replace(box=lit_box(plain(data[first])))

    def changed(self, image: torch.Tensor) -> torch.Tensor:
        """Make black what lies outside."""
        return in_sector(image, *self.draw)

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Give the data with cut images, float32 in [0, 1], and cut masks.

        Raises:
            PictureError: an image is not in [0, 1].
        """
        given = super().__call__(data)
        if self._do_transform:
            for key, mask in moved_masks(self, given, self.mask_keys):
                given[key] = in_sector(mask, *self.draw)
        return given


def in_sector(image: torch.Tensor, opening: float, box: Box | None = None) -> torch.Tensor:
    """Keep of an image or a mask (channel, height, width) what a fan sees; the type stays.

    Args:
        image: the image.
        opening: of the fan, degrees; 0 keeps everything.
        box: where it lies; the whole image where it is not given.
    """
    height, width = image.shape[1:]
    box = box or Box(0, height, 0, width)
    if opening == 0:
        return image
    high, wide = box.bottom - box.top, box.right - box.left
    half = math.radians(opening) / 2
    above = max(wide / (2 * math.sin(half)) - high, 0.0)
    down = torch.arange(height)[:, None] + 0.5 - box.top + above
    across = torch.arange(width)[None] + 0.5 - (box.left + box.right) / 2
    radius = torch.hypot(down, across)
    inside = (across.abs() <= down * math.tan(half)) & (radius <= above + high)
    return image * (inside & (radius >= above / math.cos(half))).to(image.dtype)
