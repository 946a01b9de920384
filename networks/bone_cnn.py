"""Small convolutional networks for radiographs of bones, trained from random weights."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

import torch
from torch import nn

from networks.errors import NetworkError
from networks.normalisation import Choice, Normalisation

VERSIONS: dict[int, tuple[tuple[int, int], ...]] = {
    1: ((32, 3), (64, 3), (64, 3), (128, 3)),
    2: ((16, 11), (32, 7), (64, 5), (128, 3)),
}
"""(filters, kernel) of each block: version 1 has one kernel all along, version 2 looks at large
pieces first, with few filters, and at finer ones later."""


class BoneCNN(nn.Module):
    """Blocks of convolution, ReLU and max-pooling, then a dense layer.

    Args:
        num_classes: number of classes, 2 (healthy, fractured) or 3 (beyond repair, too).
        in_channels: 1 (grey) or 3 (RGB).
        version: a key of ``VERSIONS``.
        dense: width of the layer before the class scores.
        batch_norm: whether each block normalises over the batch before its ReLU.
        dropout: share of the dense layer's values that a training step drops, in [0, 1).
        pooled: rows and columns that the last maps are pooled to, so that any image size serves.
        normalisation: see ``networks.normalisation.Normalisation``.

    Raises:
        NetworkError: an argument is out of its range.
    """

    def __init__(
        self,
        num_classes: int = 2,
        in_channels: int = 1,
        version: int = 1,
        dense: int = 128,
        batch_norm: bool = False,
        dropout: float = 0.3,
        pooled: int = 4,
        normalisation: Choice = "symmetric",
    ) -> None:
        super().__init__()
        _check(num_classes, in_channels, version, dense, dropout)
        self.normalisation = Normalisation(in_channels, normalisation)
        self.backbone = _blocks(in_channels, VERSIONS[version], batch_norm)
        width = VERSIONS[version][-1][0] * pooled**2
        self.head = nn.Sequential(
            OrderedDict(
                pooling=nn.AdaptiveAvgPool2d(pooled),
                flatten=nn.Flatten(),
                dense=nn.Linear(width, dense),
                relu=nn.ReLU(inplace=True),
                dropout=nn.Dropout(dropout),
                scores=nn.Linear(dense, num_classes),
            )
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Gives logits (batch, num_classes) of images (batch, in_channels, height, width) in
        [0, 1], from 16 pixels on."""
        return self.head(self.maps(images))

    def maps(self, images: torch.Tensor) -> torch.Tensor:
        """Gives the last feature maps (batch, channels, rows, columns) of images."""
        return self.backbone(self.normalisation(images))


def _blocks(in_channels: int, plan: Sequence[tuple[int, int]], batch_norm: bool) -> nn.Sequential:
    layers: list[nn.Module] = []
    channels = in_channels
    for filters, kernel in plan:
        layers.append(nn.Conv2d(channels, filters, kernel, padding=kernel // 2))
        layers += [nn.BatchNorm2d(filters)] if batch_norm else []
        layers += [nn.ReLU(inplace=True), nn.MaxPool2d(2)]
        channels = filters
    return nn.Sequential(*layers)


def _check(num_classes: int, in_channels: int, version: int, dense: int, dropout: float) -> None:
    wrong = {
        "num_classes": (num_classes, num_classes >= 2, "2 or more"),
        "in_channels": (in_channels, in_channels in (1, 3), "1 (grey) or 3 (RGB)"),
        "version": (version, version in VERSIONS, " or ".join(map(str, VERSIONS))),
        "dense": (dense, dense >= 1, "a width of at least 1"),
        "dropout": (dropout, 0 <= dropout < 1, "a number from 0 to below 1"),
    }
    for name, (value, fits, expected) in wrong.items():
        if not fits:
            raise NetworkError(f"{name} is {value!r}; expected {expected}")
