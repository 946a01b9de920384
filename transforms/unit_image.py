"""An image as the random changes take it: a plain float32 tensor in [0, 1]."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import torch
from monai.utils import convert_to_tensor

from transforms.picture import PictureError

_TOLERANCE = 1e-3  # what rounding may leave outside [0, 1]


def plain(data: Any) -> torch.Tensor:
    """A tensor without metadata, which would not fit the changed image any more."""
    return convert_to_tensor(data, track_meta=False)


def unit_image(data: Any, key: Hashable, transform: str) -> torch.Tensor:
    """Give an image as a float32 tensor.

    Args:
        data: an image (channel, height, width).
        key: what the message calls it.
        transform: the name of the transform that asks, for the message.

    Returns:
        The image without metadata, float32, in [0, 1].

    Raises:
        PictureError: a value is not in [0, 1], or not a number.
    """
    image = plain(data).float()
    low, high = (float(value) for value in image.aminmax())
    if not (low >= -_TOLERANCE and high <= 1 + _TOLERANCE):
        raise PictureError(
            f"{key} holds values from {low:g} to {high:g}; {transform} expects 0 to 1: "
            "scale before it, and leave what adds noise or standardises to after it"
        )
    return image
