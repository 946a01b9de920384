"""Remove the small regions of a predicted mask."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import torch
from monai.config import KeysCollection
from monai.transforms import MapTransform
from monai.utils import convert_to_dst_type
from skimage.measure import label

_EIGHT_NEIGHBOURS = 2


class RemoveSmallRegionsd(MapTransform):
    """Empties the connected regions (8-connectivity) of a mask that are smaller than a share of it.

    A share of the image and not a number of pixels, so that images of any size are treated alike.
    ``least_share`` may be changed later, when it has been chosen.

    Args:
        keys: of binary masks, (1, height, width).
        least_share: area of the smallest region that stays, by that of the image, in [0, 1);
            0 changes nothing, and so does None: it is not chosen yet.
        allow_missing_keys: whether a key may be missing.

    Raises:
        ValueError: ``least_share`` is none, or a mask has another shape.
    """

    def __init__(
        self,
        keys: KeysCollection,
        least_share: float | None = 0.0,
        allow_missing_keys: bool = False,
    ) -> None:
        super().__init__(keys, allow_missing_keys)
        if least_share is None:
            least_share = 0.0
        if isinstance(least_share, bool) or not isinstance(least_share, int | float):
            raise ValueError(f"least_share is {least_share!r}; expected a number")
        if not 0 <= least_share < 1:
            raise ValueError(f"least_share is {least_share}; expected 0 <= least_share < 1")
        self.least_share = float(least_share)

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Remove the small regions of each key's mask."""
        changed = dict(data)
        for key in self.key_iterator(changed):
            changed[key] = self._removed(changed[key])
        return changed

    def _removed(self, mask: torch.Tensor) -> torch.Tensor:
        if not self.least_share:
            return mask
        if mask.ndim != 3 or mask.shape[0] != 1:
            raise ValueError(f"a mask has shape {tuple(mask.shape)}; expected (1, height, width)")
        plain = mask.as_tensor() if hasattr(mask, "as_tensor") else mask
        drawn = plain[0].cpu().numpy() > 0
        regions = label(drawn, connectivity=_EIGHT_NEIGHBOURS)
        areas = np.bincount(regions.ravel())
        is_large = areas >= self.least_share * drawn.size
        is_large[0] = False
        return convert_to_dst_type(is_large[regions][None], mask)[0]
