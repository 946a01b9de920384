"""The masks that a random change moves with its images."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any

import torch
from monai.transforms import MapTransform

from transforms.picture import PictureError
from transforms.unit_image import plain


def moved_masks(
    transform: MapTransform, data: Mapping[Hashable, Any], keys: Sequence[Hashable]
) -> Iterator[tuple[Hashable, torch.Tensor]]:
    """Yield the masks of a sample.

    Args:
        transform: moves them; its ``allow_missing_keys`` holds for masks, too.
        data: the sample with its images, (channel, height, width).
        keys: of the masks.

    Yields:
        Key and mask, (channel, height, width) without metadata, of any type.

    Raises:
        KeyError: a key is missing.
        PictureError: a mask is none, or not of the images' height and width.
    """
    name, first = type(transform).__name__, transform.first_key(data)
    size = None if first == () else tuple(data[first].shape[1:])
    for key in keys:
        if key not in data and transform.allow_missing_keys:
            continue
        if key not in data:
            raise KeyError(f"{key!r} is missing; {name} moves it with its image")
        mask = plain(data[key])
        if mask.ndim != 3 or size not in (None, tuple(mask.shape[1:])):
            expected = ", ".join(map(str, size or ("height", "width")))
            raise PictureError(
                f"{key} has the shape {tuple(mask.shape)}; {name} expects a mask of shape "
                f"(channel, {expected})"
            )
        yield key, mask
