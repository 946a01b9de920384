"""A multilayer perceptron for each pixel by itself."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from networks.arguments import dropped_share, whole_number, whole_numbers


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
        NetworkError: there is no hidden layer, a number is no whole one from 1, or the dropout is
            out of range.
    """

    def __init__(
        self,
        in_channels: int = 1,
        out_channels: int = 1,
        hidden: Sequence[int] = (64, 64),
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        width = whole_number("in_channels", in_channels)
        for wider in whole_numbers("hidden", hidden):
            layers += [nn.Conv2d(width, wider, 1, bias=False), nn.BatchNorm2d(wider), nn.ReLU(True)]
            width = wider
        last = nn.Conv2d(width, whole_number("out_channels", out_channels), 1)
        layers += [nn.Dropout(dropped_share("dropout", dropout)), last]
        self.layers = nn.Sequential(*layers)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Gives logits (batch, out_channels, height, width) of images (batch, in_channels, height,
        width)."""
        return self.layers(images)
