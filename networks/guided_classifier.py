"""A classifier that learns where to look: masks of the lesions guide its training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from networks.errors import NetworkError
from networks.head import classifier_head
from networks.lesion_pooling import LesionPooling
from networks.transfer_classifier import TransferClassifier

_CHANNELS = 64  # of the maps from which the lesion is drawn
_PROBED = 128  # pixels
_FINER = 2  # how often the maps are doubled to draw the lesion
_RARE = -2.0  # logit of the lesion at the start: few cells hold some


class GuidedClassifier(TransferClassifier):
    """Draws a map of the lesion, and scores the classes by what it sees there, too.

    A feature pyramid (Lin et al., doi:10.1109/CVPR.2017.106) brings the last feature maps to four
    times their size, and gives the logit of each cell there to hold lesion. The head gets what
    ``LesionPooling`` makes of the last maps, the pyramid's and the lesion's. Masks are needed to
    train, not to answer.

    Args:
        backbone: library and model; see ``TransferClassifier``. It must be one sequence of layers
            called ``features``, as torchvision's MobileNet, EfficientNet and VGG are.
        num_classes: number of classes, from 2.
        in_channels: channels of the images, 1 (grey) or 3 (RGB).
        head: arguments of ``classifier_head`` but ``pooling``.
        **arguments: others of ``TransferClassifier``: ``options``, ``normalisation``, ``trained``.
            The lesion's layers and the head always train.

    Raises:
        NetworkError: one of them cannot be had.
    """

    def __init__(
        self,
        backbone: str,
        num_classes: int,
        in_channels: int = 1,
        head: Mapping[str, Any] | None = None,
        **arguments: Any,
    ) -> None:
        if "pooling" in (head or {}):
            raise NetworkError("head has a pooling; a guided classifier pools by its lesion map")
        super().__init__(backbone, num_classes, in_channels, **arguments)
        self.places, channels = _levels(self.backbone, in_channels)
        self.lateral = nn.ModuleList(_convolution(width, 1) for width in channels)
        self.smooth = nn.ModuleList(_convolution(_CHANNELS, 3) for _ in channels[1:])
        self.lesion = nn.Conv2d(_CHANNELS, 1, 1)
        nn.init.constant_(self.lesion.bias, _RARE)  # type: ignore[arg-type]
        self.pooling = LesionPooling()
        width = LesionPooling.width(channels[0], _CHANNELS)
        self.head = classifier_head(width, num_classes, **dict(head or {}))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Gives the logits of the classes, and while it trains those of the lesion map behind them.

        Args:
            images: (batch, in_channels, height, width) in [0, 1].

        Returns:
            (batch, num_classes); in training mode (batch, num_classes + rows * columns of the
            lesion map).
        """
        levels = self.levels(images)
        drawn = self.pyramid(levels)
        lesion = self.lesion(drawn)
        pooled = self.pooling(levels[0], drawn, lesion)
        logits = self.head(pooled[:, :, None, None])
        return torch.cat([logits, lesion.flatten(1)], dim=1) if self.training else logits

    def levels(self, images: torch.Tensor) -> list[torch.Tensor]:
        """Gives the last feature maps, and those of twice and of four times their size.

        Args:
            images: (batch, in_channels, height, width) in [0, 1].
        """
        maps = self.normalisation(images)
        found: list[torch.Tensor] = []
        for place, layer in enumerate(self.backbone.features):
            maps = layer(maps)
            if place in self.places:
                found.append(maps)
        return found[::-1]

    def pyramid(self, levels: list[torch.Tensor]) -> torch.Tensor:
        """Gives the maps (batch, 64, rows, columns) from which the lesion is drawn.

        Args:
            levels: what ``levels`` gave.
        """
        above = levels[0]
        for place, lateral in enumerate(self.lateral):
            if place == 0:
                above = lateral(above)
            else:
                finer = levels[place]
                grown = functional.interpolate(above, size=finer.shape[-2:], mode="bilinear")
                above = lateral(finer) + grown
                for smoothed, smooth in enumerate(self.smooth):
                    if smoothed == place - 1:
                        above = smooth(above)
        return above


def _convolution(channels: int, size: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, _CHANNELS, size, padding=size // 2, bias=False),
        nn.BatchNorm2d(_CHANNELS),
        nn.ReLU(inplace=True),
    )


def _levels(backbone: nn.Module, in_channels: int) -> tuple[list[int], list[int]]:
    """The last layers of the finest, finer and last maps' sizes; the channels of the last first."""
    names = [name for name, _ in backbone.named_children()]
    if names != ["features"] or not isinstance(backbone.features, nn.Sequential):
        raise NetworkError(
            "a guided classifier needs a backbone of one sequence of layers, such as "
            f"torchvision.mobilenet_v2; this one has {', '.join(names)}"
        )
    was_training = backbone.training
    maps, sizes = torch.zeros(1, in_channels, _PROBED, _PROBED), []
    with torch.no_grad():
        for layer in backbone.eval().features:
            maps = layer(maps)
            sizes.append(tuple(maps.shape[1:3]))
    backbone.train(was_training)
    places = []
    for doublings in range(_FINER, -1, -1):
        wanted = sizes[-1][1] * 2**doublings
        found = [place for place, (_, rows) in enumerate(sizes) if rows == wanted]
        if not found:
            raise NetworkError(
                f"no layer of the backbone gives maps of {2**doublings} times the size of the last"
            )
        places.append(found[-1])
    return places, [sizes[place][0] for place in reversed(places)]
