"""TrivialAugment: one random operation of random strength for each sample."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import torch
from monai.config import KeysCollection
from monai.transforms import MapTransform, RandomizableTransform
from monai.utils import ensure_tuple

from transforms.augmentation_operations import MOVES, ON_REQUEST, OPERATIONS, Draw
from transforms.lit_area import lit_box
from transforms.moved_masks import moved_masks
from transforms.unit_image import unit_image


class RandTrivialAugmentd(RandomizableTransform, MapTransform):
    """Changes each sample by one operation, drawn evenly, of a strength drawn evenly.

    The policy of Müller and Hutter (ICCV 2021, arXiv:2103.10158), with strengths for medical
    images: no colours, no solarising, posterising or equalising and no vertical flips unless they
    are named, nor what only ultrasound has. The operations and what their strengths mean stand in
    ``transforms.augmentation_operations``.

    Args:
        keys: images (channel, height, width), in [0, 1]; all get the same change.
        mask_keys: masks (channel, height, width) that move with the images, by the nearest pixel.
            Their values and type stay.
        operations: the names of the operations to draw from, each with its largest strength, or
            None for the default one; without it the default ones.
        added: names to draw from, too, with their default strengths; such as ``speckle``.
        excluded: names to leave out.
        prob: part of the samples that get an operation.
        allow_missing_keys: pass over keys that are missing.

    Raises:
        ValueError: a name that is no operation's, a strength that is none, or nothing is left to
            draw from.
    """

    def __init__(
        self,
        keys: KeysCollection,
        mask_keys: KeysCollection = (),
        operations: Mapping[str, float | None] | None = None,
        excluded: Sequence[str] = (),
        prob: float = 1.0,
        allow_missing_keys: bool = False,
        added: Sequence[str] = (),
    ) -> None:
        MapTransform.__init__(self, keys, allow_missing_keys)
        RandomizableTransform.__init__(self, prob)
        self.mask_keys = ensure_tuple(mask_keys)
        self.strengths = _strengths(operations, ensure_tuple(added), ensure_tuple(excluded))
        self.draw = Draw("identity")

    def randomize(self, data: Any = None) -> None:
        """Draw the operation, its strength, its sign and what else one may need."""
        super().randomize(None)
        name = list(self.strengths)[self.R.randint(len(self.strengths))]
        amount = float(self.R.uniform(0, 1)) * self.strengths[name]
        sign = -1 if self.R.randint(2) and OPERATIONS[name].signed else 1
        top, left = self.R.uniform(-1, 1, size=2).tolist()
        seed = int(self.R.randint(2**31, dtype="int64"))
        name = name if self._do_transform else "identity"
        self.draw = Draw(name, sign * amount, (top, left), seed)

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Give the data with changed images, float32 in [0, 1], and moved masks.

        Raises:
            PictureError: an image is not in [0, 1].
        """
        self.randomize()
        changed = dict(data)
        for key in self.key_iterator(changed):
            image = unit_image(changed[key], key, type(self).__name__)
            if self.draw.box is None:
                self.draw = self.draw._replace(box=lit_box(image))
            changed[key] = self._changed(image, "bilinear").clamp(0, 1).contiguous()
        if self.draw.name in MOVES:
            for key, mask in moved_masks(self, changed, self.mask_keys):
                changed[key] = self._changed(mask.float(), "nearest").to(mask.dtype).contiguous()
        return changed

    def singles(self) -> dict[str, RandTrivialAugmentd]:
        """Give for each operation a policy that always draws it, to look at."""
        given = (self.keys, self.mask_keys)
        missing = {"allow_missing_keys": self.allow_missing_keys}
        return {
            name: RandTrivialAugmentd(*given, operations={name: strength}, **missing)
            for name, strength in self.strengths.items()
        }

    def _changed(self, image: torch.Tensor, mode: str) -> torch.Tensor:
        operation = OPERATIONS[self.draw.name].apply
        if self.draw.name in MOVES:
            return operation(image, self.draw, mode)
        return operation(image, self.draw)


def _strengths(
    operations: Mapping[str, float | None] | None, added: Sequence[str], excluded: Sequence[str]
) -> dict[str, float]:
    """The largest strength of each operation to draw from."""
    if operations is None:
        operations = dict.fromkeys(name for name in OPERATIONS if name not in ON_REQUEST)
    if not isinstance(operations, Mapping):
        raise ValueError(
            f"operations are {operations!r}; expected names with strengths, such as "
            '{"rotate": 10}'
        )
    operations = {**dict.fromkeys(added), **operations}
    for name in (*operations, *excluded):
        if name not in OPERATIONS:
            raise ValueError(f"no operation is called {name!r}; known are {', '.join(OPERATIONS)}")
    kept = {name: _strength(name, operations[name]) for name in operations if name not in excluded}
    if not kept:
        raise ValueError("every operation is excluded; leave some to draw from")
    return kept


def _strength(name: str, given: float | None) -> float:
    operation = OPERATIONS[name]
    if given is None:
        return operation.largest
    is_number = isinstance(given, int | float) and not isinstance(given, bool)
    if not is_number or not 0 <= given <= operation.limit:
        raise ValueError(
            f"the strength of {name} is {given!r}; expected null or a number from 0 to "
            f"{operation.limit:g}"
        )
    return float(given)
