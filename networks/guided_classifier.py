"""A classifier that learns where to look: masks of the lesions guide its training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from networks.errors import NetworkError
from networks.feature_pyramid import FeaturePyramid, PyramidLevels, pyramid_places
from networks.head import classifier_head
from networks.lesion_pooling import LesionPooling
from networks.transfer_classifier import TransferClassifier

_CHANNELS = 64  # of the maps from which the lesion is drawn
_FINER = 2  # how often the maps are doubled to draw the lesion
_RARE = -2.0  # logit of the lesion at the start: few cells hold some


class GuidedClassifier(PyramidLevels, TransferClassifier):
    """Draws a map of the lesion, and scores the classes by what it sees there, too.

    A feature pyramid brings the last feature maps to four times their size, and gives the logit of
    each cell there to hold lesion. The head gets what
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
        self.places, channels = pyramid_places(self.backbone, in_channels, _FINER)
        self.pyramid = FeaturePyramid(channels, _CHANNELS)
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
