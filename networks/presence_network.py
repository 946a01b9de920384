"""A network that draws lesions, says whether there is one at all, and is silent where not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn
from torch.nn import functional
from torch.nn.functional import logsigmoid

from networks.arguments import dropped_share, flag, probability, settings, whole_number
from networks.backbones import make_backbone
from networks.feature_pyramid import FeaturePyramid, PyramidLevels, convolution, pyramid_places
from networks.frozen_layers import Trained, freeze, hold_frozen_statistics
from networks.lesion_pooling import LesionPooling
from networks.normalisation import Choice, Normalisation

_RARE = -2.0  # logit of the lesion at the start: few cells hold some
_SILENT = -20.0  # logit of every pixel of an image that is held to have no lesion


class PresenceNetwork(PyramidLevels, nn.Module):
    """Draws a mask and scores, by the same feature maps, whether the image holds a lesion.

    A mask network alone paints something on most normal images: each of thousands of pixels may go
    wrong. One score for the image gates its mask. While it trains the network gives both; to
    answer, the masks of images whose probability of a lesion is below the gate are emptied.
    (Mask and image-level branches on one encoder: Wu et al. 2018, Joint learning for pulmonary
    nodule segmentation, attributes and malignancy prediction, arXiv:1802.03584.)

    The mask is drawn by a feature pyramid and enlarged to the size of the image. The presence is
    read from what ``LesionPooling`` makes of the last maps, the pyramid's and the mask.

    Args:
        backbone: library and model, such as ``torchvision.mobilenet_v2``; see ``make_backbone``. It
            must be one sequence of layers called ``features``.
        in_channels: channels of the images, 1 (grey) or 3 (RGB).
        options: arguments of the library's model, such as ``{"width_mult": 0.35}``.
        gate: probability of a lesion below which the mask is emptied, from 0 (never) to 1. It is a
            part of the weights, so that what is chosen after the training stays with them.
        mirror: whether answers are averaged over an image and its left-right mirror image.
        channels: of the pyramid.
        finer: how often the pyramid doubles the size of the last maps, from 1; with 3 the mask of a
            MobileNetV2 is drawn at a quarter of the image's size.
        dropout: share of the pooled values that a training step drops, in [0, 1).
        normalisation: what the images in [0, 1] become first; see ``Normalisation``. Weights that
            are loaded later bring their own.
        trained: which layers of the backbone train; see ``freeze``. The others always do.

    Attributes:
        chosen: names of the tensors that are chosen when a training has ended.

    Raises:
        NetworkError: one of them cannot be had.
    """

    chosen = ("gate",)

    def __init__(
        self,
        backbone: str,
        in_channels: int = 1,
        options: Mapping[str, Any] | None = None,
        gate: float = 0.0,
        mirror: bool | str = True,
        channels: int = 64,
        finer: int = 3,
        dropout: float = 0.2,
        normalisation: Choice = "symmetric",
        trained: Trained = "all",
    ) -> None:
        super().__init__()
        whole_number("in_channels", in_channels)
        whole_number("channels", channels)
        self.mirror = flag("mirror", mirror)
        self.normalisation = Normalisation(in_channels, normalisation)
        self.backbone = make_backbone(backbone, in_channels, **settings("options", options))
        doublings = whole_number("finer", finer)
        self.places, widths = pyramid_places(self.backbone, in_channels, doublings)
        self.pyramid = FeaturePyramid(widths, channels)
        self.drawing = convolution(channels, channels, 3)
        self.lesion = nn.Conv2d(channels, 1, 1)
        nn.init.constant_(self.lesion.bias, _RARE)  # type: ignore[arg-type]
        self.pooling = LesionPooling()
        width = LesionPooling.width(widths[0], channels)
        self.presence = nn.Sequential(
            nn.Dropout(dropped_share("dropout", dropout)), nn.Linear(width, 1)
        )
        self.silent = _SILENT
        self.gate: torch.Tensor
        self.register_buffer("gate", torch.tensor(probability("gate", gate)))
        freeze(self.backbone, trained)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Gives the logits of the mask, and while it trains that of a lesion's presence behind
        them.

        Args:
            images: (batch, in_channels, height, width) in [0, 1].

        Returns:
            (batch, 1, height, width); in training mode (batch, 2, height, width), the second
            channel of an image being one number.
        """
        if self.training:
            mask, presence = self.both(images)
            everywhere = presence[:, :, None, None].expand(-1, -1, mask.shape[2], mask.shape[3])
            return torch.cat([mask, everywhere], dim=1)
        mask, presence = self.answers(images)
        is_silent = presence.sigmoid()[:, :, None, None] < self.gate
        return torch.where(is_silent, torch.full_like(mask, self.silent), mask)

    def answers(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Gives the logits of the mask before the gate, (batch, 1, height, width), and of a
        lesion's presence, (batch, 1); averaged over the mirror image where that is wanted."""
        mask, presence = self.both(images)
        if not self.mirror:
            return mask, presence
        other, again = self.both(images.flip(-1))
        return _mean(mask, other.flip(-1)), _mean(presence, again)

    def both(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Gives the logits of the mask, (batch, 1, height, width), and of presence, (batch, 1)."""
        levels = self.levels(images)
        drawn = self.pyramid(levels)
        lesion = self.lesion(self.drawing(drawn))
        mask = functional.interpolate(lesion, size=images.shape[-2:], mode="bilinear")
        return mask, self.presence(self.pooling(levels[0], drawn, lesion))

    def train(self, mode: bool = True) -> PresenceNetwork:
        """Switches to training; normalisation layers whose weights are frozen stay as they are."""
        super().train(mode)
        hold_frozen_statistics(self.backbone)
        return self


def _mean(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """The logit of the mean of two probabilities."""
    return torch.logaddexp(logsigmoid(one), logsigmoid(other)) - torch.logaddexp(
        logsigmoid(-one), logsigmoid(-other)
    )
