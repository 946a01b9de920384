"""A multilayer perceptron for each pixel by itself."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from networks.errors import NetworkError


class PixelMLP(nn.Module):
    """Answers each pixel by its own values alone, as 1 x 1 convolutions.

    It knows no neighbourhood and no place: what it reaches is what brightness (or colour) tells,
    the least that a network which sees shapes must surpass.

    Args:
        in_channels: channels of the images.
        out_channels: logits a pixel.
        hidden: widths of the hidden layers, each with batch norm and ReLU.
        dropout: share of the last hidden values that a training step drops, in [0, 1).

    Raises:
        NetworkError: there is no hidden layer, one has no width, or the dropout is out of range.
    """

    def __init__(
        self,
        in_channels: int = 1,
        out_channels: int = 1,
        hidden: Sequence[int] = (64, 64),
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if not hidden or min(hidden) < 1:
            raise NetworkError(f"hidden is {list(hidden)}; expected widths of at least 1")
        if not 0 <= dropout < 1:
            raise NetworkError(f"dropout is {dropout}; expected a number from 0 to below 1")
        layers: list[nn.Module] = []
        width = in_channels
        for wider in hidden:
            layers += [nn.Conv2d(width, wider, 1, bias=False), nn.BatchNorm2d(wider), nn.ReLU(True)]
            width = wider
        layers += [nn.Dropout(dropout), nn.Conv2d(width, out_channels, 1)]
        self.layers = nn.Sequential(*layers)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Gives logits (batch, out_channels, height, width) of images (batch, in_channels, height,
        width)."""
        return self.layers(images)
