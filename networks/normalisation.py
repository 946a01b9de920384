"""What the values of an image become before the first layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from networks.errors import NetworkError

NORMALISATIONS: dict[str, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "unit": ((0.0,), (1.0,)),
    "symmetric": ((0.5,), (0.5,)),
    "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
}
"""Mean and standard deviation by name: [0, 1] as it is; [-1, 1]; those of ImageNet's photographs
(https://pytorch.org/vision/stable/models.html)."""

Choice = str | Sequence[Sequence[float]]


class Normalisation(nn.Module):
    """Subtracts a mean and divides by a standard deviation, channel by channel.

    Both stand in the state dict, so that a model's file says itself which input it expects.

    Args:
        channels: channels of the images.
        choice: a key of ``NORMALISATIONS``, or (means, standard deviations) of images in [0, 1],
            one number for all channels or one for each.

    Raises:
        NetworkError: no such choice.
    """

    def __init__(self, channels: int, choice: Choice = "symmetric") -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(1, channels, 1, 1))
        self.register_buffer("deviation", torch.ones(1, channels, 1, 1))
        self.choose(choice)

    def choose(self, choice: Choice) -> None:
        """Takes another mean and deviation; one image channel takes the average of three."""
        mean, deviation = _numbers(choice)
        buffers: tuple[Any, Any] = self.mean, self.deviation
        for buffer, values in zip(buffers, (mean, deviation), strict=True):
            channels = buffer.shape[1]
            if len(values) not in (1, channels) and channels != 1:
                raise NetworkError(
                    f"the normalisation has {len(values)} channels, the images {channels}"
                )
            given = torch.tensor(values, dtype=torch.float32)
            buffer.copy_((given.mean()[None] if channels == 1 else given).reshape(1, -1, 1, 1))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Normalises images (batch, channels, height, width) in [0, 1]."""
        return (images - self.mean) / self.deviation


def _numbers(choice: Choice) -> tuple[Sequence[float], Sequence[float]]:
    if isinstance(choice, str):
        if choice not in NORMALISATIONS:
            raise NetworkError(
                f"normalisation is {choice!r}; expected {', '.join(NORMALISATIONS)}, or "
                "[[mean, …], [standard deviation, …]]"
            )
        return NORMALISATIONS[choice]
    try:
        mean, deviation = ([float(value) for value in values] for values in choice)
    except (TypeError, ValueError):
        raise NetworkError(
            f"normalisation is {choice!r}; expected [[mean, …], [standard deviation, …]]"
        ) from None
    if not mean or not deviation or not all(value > 0 for value in deviation):
        raise NetworkError(f"normalisation is {choice!r}; expected standard deviations above 0")
    return mean, deviation
