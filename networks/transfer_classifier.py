"""A classifier for transfer learning: a known backbone, our normalisation and head."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from networks.backbones import feature_channels, make_backbone
from networks.frozen_layers import Trained, freeze, hold_frozen_statistics
from networks.head import classifier_head
from networks.normalisation import Choice, Normalisation


class TransferClassifier(nn.Module):
    """Normalises images, turns them into feature maps, pools these, and scores the classes.

    Args:
        backbone: library and model, such as ``torchvision.mobilenet_v2``; see ``make_backbone``.
        num_classes: number of classes, from 2.
        in_channels: channels of the images, 1 (grey) or 3 (RGB).
        options: arguments of the library's model, such as ``{"width_mult": 0.35}``.
        head: arguments of ``classifier_head``: ``pooling``, ``dense``, ``batch_norm``, ``dropout``.
        normalisation: what the images in [0, 1] become first; see ``Normalisation``. Weights that
            are loaded later bring their own.
        trained: which layers of the backbone train; see ``freeze``. The head always does.

    Raises:
        NetworkError: one of them cannot be had.
    """

    def __init__(
        self,
        backbone: str,
        num_classes: int,
        in_channels: int = 1,
        options: Mapping[str, Any] | None = None,
        head: Mapping[str, Any] | None = None,
        normalisation: Choice = "symmetric",
        trained: Trained = "all",
    ) -> None:
        super().__init__()
        self.normalisation = Normalisation(in_channels, normalisation)
        self.backbone = make_backbone(backbone, in_channels, **dict(options or {}))
        channels = feature_channels(self.backbone, in_channels)
        self.head = classifier_head(channels, num_classes, **dict(head or {}))
        freeze(self.backbone, trained)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Gives logits (batch, num_classes) of images (batch, in_channels, height, width) in
        [0, 1]."""
        return self.head(self.maps(images))

    def maps(self, images: torch.Tensor) -> torch.Tensor:
        """Gives the last feature maps (batch, channels, rows, columns) of images."""
        return self.backbone(self.normalisation(images))

    def embeddings(self, images: torch.Tensor) -> torch.Tensor:
        """Gives the means of the last feature maps (batch, channels)."""
        return self.maps(images).mean(dim=(2, 3))

    def train(self, mode: bool = True) -> TransferClassifier:
        """Switches to training; normalisation layers whose weights are frozen stay as they are."""
        super().train(mode)
        hold_frozen_statistics(self.backbone)
        return self
