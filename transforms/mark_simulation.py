"""Burnt-in marks at random, so that a network cannot learn that they mean something."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from monai.config import KeysCollection
from monai.utils import ensure_tuple

from transforms.drawn_marks import MARKS, drawn_marks
from transforms.lit_area import lit_part
from transforms.parameter_range import Range, parameter_range
from transforms.random_change import RandChanged


class Marks(NamedTuple):
    """What was drawn: kinds, opacity, grey of the ink, size in parts of the side, seed."""

    kinds: tuple[str, ...]
    opacity: float
    ink: float
    size: float
    seed: int


class RandBurntInMarksd(RandChanged):
    """Burns calipers, text and body marks into images, at random places.

    y = x + o k (i - x), with k the coverage of the marks, o their opacity and i the grey of the
    ink. They stand anywhere but in a letterbox, not at the lesion: in real images calipers
    stand at lesions, and a network that has seen them everywhere cannot take them for a sign of
    one. Masks do not change.

    Source: calipers and text as shortcuts in ultrasound, Lin et al. 2024, arXiv:2403.06748, and
    Mikolaj et al. 2023, arXiv:2303.13918.

    Args:
        keys: images (channel, height, width), in [0, 1]; the marks are grey, of equal channels.
        prob: part of the samples that are changed.
        kinds: of ``caliper``, ``text`` and ``body_mark``; one of them is drawn in each changed
            sample, and each of the others in half of them.
        opacity: o, 0 to 1; 0 changes nothing.
        ink: i, 0 to 1.
        size: height of a letter in parts of the shorter side, 0.01 to 0.3; at least 6 pixels.
        allow_missing_keys: pass over keys that are missing.

    Raises:
        ValueError: a parameter outside its range, or an unknown kind.
    """

    def __init__(
        self,
        keys: KeysCollection,
        prob: float = 0.3,
        kinds: Sequence[str] = tuple(MARKS),
        opacity: Range = (0.7, 1.0),
        ink: Range = (0.7, 1.0),
        size: Range = (0.04, 0.08),
        allow_missing_keys: bool = False,
    ) -> None:
        super().__init__(keys, prob, allow_missing_keys)
        self.kinds = ensure_tuple(kinds)
        if not self.kinds or not set(self.kinds) <= set(MARKS):
            raise ValueError(f"kinds is {kinds!r}; expected some of {', '.join(MARKS)}")
        self.opacity = parameter_range("opacity", opacity, 0, 1)
        self.ink = parameter_range("ink", ink, 0, 1)
        self.size = parameter_range("size", size, 0.01, 0.3)

    def drawn(self) -> Marks:
        """Draw which marks there are, and how they look."""
        sure = self.R.randint(len(self.kinds))
        more = self.R.uniform(size=len(self.kinds)) < 0.5
        kinds = tuple(kind for place, kind in enumerate(self.kinds) if place == sure or more[place])
        opacity, ink, size = (self.uniform(*each) for each in (self.opacity, self.ink, self.size))
        return Marks(kinds, opacity, ink, size, self.seed())

    def changed(self, image: torch.Tensor) -> torch.Tensor:
        """Burn the marks in."""
        return marked(image, *self.draw)


def marked(
    image: torch.Tensor,
    kinds: Sequence[str],
    opacity: float,
    ink: float,
    size: float,
    seed: int,
) -> torch.Tensor:
    """Burn marks into the lit part of an image (channel, height, width)."""
    image = image.clone()
    part = lit_part(image)
    _, height, width = part.shape
    coverage = drawn_marks(height, width, kinds, size, seed)
    part += opacity * coverage * (ink - part)
    return image
