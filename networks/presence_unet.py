"""A U-Net that also says whether there is a lesion at all, and is silent where there is none."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn.functional import logsigmoid

from networks.encoder_unet import EncoderUNet
from networks.errors import NetworkError
from networks.lesion_pooling import LesionPooling

_PROBED = 64  # pixels
_SILENT = -20.0  # logit of every pixel of an image that is held to have no lesion


class PresenceUNet(EncoderUNet):
    """Draws a mask and scores, by the same feature maps, whether the image holds a lesion.

    A mask network alone paints something on most normal images: each of thousands of pixels may go
    wrong. One score for the image gates its mask. While it trains the network gives both; to
    answer, the masks of images whose probability of a lesion is below the gate are emptied.
    (Mask and image-level branches on one encoder: Wang et al. 2018, Joint learning for pulmonary
    nodule segmentation, attributes and malignancy prediction, doi:10.1109/ISBI.2018.8363765.)

    Args:
        backbone: library and model; see ``EncoderUNet``.
        in_channels: channels of the images, 1 (grey) or 3 (RGB).
        gate: probability of a lesion below which the mask is emptied, from 0 (never) to 1. It is a
            part of the weights, so that what is chosen after the training stays with them.
        mirror: whether answers are averaged over an image and its left-right mirror image.
        dropout: share of the pooled values that a training step drops, in [0, 1).
        **arguments: others of ``EncoderUNet``: ``options``, ``decoder``, ``normalisation``,
            ``trained``.

    Raises:
        NetworkError: one of them cannot be had.
    """

    def __init__(
        self,
        backbone: str,
        in_channels: int = 1,
        gate: float = 0.0,
        mirror: bool = True,
        dropout: float = 0.2,
        **arguments: Any,
    ) -> None:
        super().__init__(backbone, 1, in_channels, **arguments)
        if not 0 <= gate <= 1:
            raise NetworkError(f"gate is {gate}; expected a probability, 0 to 1")
        if not 0 <= dropout < 1:
            raise NetworkError(f"dropout is {dropout}; expected a number from 0 to below 1")
        self.mirror = mirror
        self.silent = _SILENT
        self.gate: torch.Tensor
        self.register_buffer("gate", torch.tensor(float(gate)))
        self.pooling = LesionPooling()
        coarse, drawn = self._channels(in_channels)
        width = LesionPooling.width(coarse, drawn)
        self.presence = nn.Sequential(nn.Dropout(dropout), nn.Linear(width, 1))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Gives the logits of the mask, and while it trains that of a lesion's presence behind
        them.

        Args:
            images: (batch, in_channels, height, width) in [0, 1].

        Returns:
            (batch, 1, height, width); in training mode (batch, 2, height, width), the second
            channel of an image being one number.

        Raises:
            NetworkError: height or width is no multiple of 32.
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
        drawn = self.decoder(levels, self.skips)
        mask = self.head(drawn)
        return mask, self.presence(self.pooling(levels[-1], drawn, mask))

    @torch.no_grad()
    def _channels(self, in_channels: int) -> tuple[int, int]:
        """Channels of the encoder's last maps and of the decoder's."""
        was_training = self.training
        self.eval()
        levels = self.levels(torch.zeros(1, in_channels, _PROBED, _PROBED))
        drawn = self.decoder(levels, self.skips)
        self.train(was_training)
        return levels[-1].shape[1], drawn.shape[1]


def _mean(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """The logit of the mean of two probabilities."""
    return torch.logaddexp(logsigmoid(one), logsigmoid(other)) - torch.logaddexp(
        logsigmoid(-one), logsigmoid(-other)
    )
