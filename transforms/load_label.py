"""Load a mask where an item has one, as programs that replace MONAI's loaders can let stand."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

from monai.config import KeysCollection
from monai.transforms import LoadImage, MapTransform

from transforms.upright_reader import UprightReader


class LoadLabeld(MapTransform):
    """Load masks as class indices, (1, height, width), upright; items without one are let pass.

    It does what ``LoadImaged`` does with an ``UprightReader`` of indices and
    ``allow_missing_keys``. MONAI Label replaces every ``LoadImaged`` of a preprocessing by a loader
    of its own, which stops where an item lacks the key, and to be answered no image has a mask.

    Args:
        keys: keys of the paths.
        allow_missing_keys: whether an item may lack a key.
    """

    def __init__(self, keys: KeysCollection, allow_missing_keys: bool = True) -> None:
        super().__init__(keys, allow_missing_keys)
        self.loader = LoadImage(
            reader=UprightReader("indices"), image_only=True, ensure_channel_first=True
        )

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Load the masks of one item."""
        item = dict(data)
        for key in self.key_iterator(item):
            item[key] = self.loader(item[key])
        return item
