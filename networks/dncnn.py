"""DnCNN: a plain stack of convolutions at full resolution."""

from __future__ import annotations

import torch
from torch import nn

from networks.arguments import whole_number


class DnCNN(nn.Module):
    """Convolution and ReLU; convolution, batch norm and ReLU again and again; a convolution.

    Zhang et al. 2017, doi:10.1109/TIP.2017.2662206, made it to predict the noise of an image; here
    its last layer gives logits instead. It never makes its maps smaller, so that images of any size
    serve, and a pixel sees ``2 * depth + 1`` rows and columns.

    Args:
        in_channels: channels of the images.
        out_channels: logits a pixel.
        depth: number of convolutions, from 2.
        features: channels between them.

    Raises:
        NetworkError: one of them is no whole number, or too small.
    """

    def __init__(
        self, in_channels: int = 1, out_channels: int = 1, depth: int = 17, features: int = 64
    ) -> None:
        super().__init__()
        whole_number("in_channels", in_channels)
        whole_number("out_channels", out_channels)
        whole_number("depth", depth, least=2)
        whole_number("features", features)
        layers: list[nn.Module] = [nn.Conv2d(in_channels, features, 3, padding=1), nn.ReLU(True)]
        for _ in range(depth - 2):
            layers.append(nn.Conv2d(features, features, 3, padding=1, bias=False))
            layers += [nn.BatchNorm2d(features), nn.ReLU(True)]
        layers.append(nn.Conv2d(features, out_channels, 3, padding=1))
        self.layers = nn.Sequential(*layers)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Gives logits (batch, out_channels, height, width) of images (batch, in_channels, height,
        width)."""
        return self.layers(images)
