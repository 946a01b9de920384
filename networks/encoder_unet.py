"""A U-Net whose encoder is a known backbone, so that pretrained weights serve it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from monai.networks.nets.flexible_unet import FlexibleUNet
from torch import nn

from networks.arguments import settings, whole_number
from networks.backbone_encoder import STRIDES, register_encoder
from networks.errors import NetworkError
from networks.frozen_layers import Trained, freeze, hold_frozen_statistics
from networks.normalisation import Choice, Normalisation


class EncoderUNet(nn.Module):
    """MONAI's ``FlexibleUNet`` over a backbone of torchvision, MONAI or timm.

    The rules are those of ``TransferClassifier``: the normalisation stands in the network and
    follows the weights, layers of the backbone can be frozen, and a parameter's name says whether
    it is of the ``backbone``.

    Args:
        backbone: library and model, such as ``torchvision.mobilenet_v2``; see ``make_backbone``.
        out_channels: logits a pixel.
        in_channels: channels of the images; with pretrained weights 1 (grey) or 3 (RGB).
        options: arguments of the library's model, such as ``{"width_mult": 0.35}``.
        decoder: arguments of ``FlexibleUNet`` such as ``decoder_channels``, ``norm``, ``dropout``
            and ``upsample``.
        normalisation: what the images in [0, 1] become first; see ``Normalisation``. Weights that
            are loaded later bring their own.
        trained: which layers of the backbone train; see ``freeze``. The decoder and the head
            always do.

    Raises:
        NetworkError: one of them cannot be had.
    """

    def __init__(
        self,
        backbone: str,
        out_channels: int = 1,
        in_channels: int = 1,
        options: Mapping[str, Any] | None = None,
        decoder: Mapping[str, Any] | None = None,
        normalisation: Choice = "symmetric",
        trained: Trained = "all",
    ) -> None:
        super().__init__()
        whole_number("in_channels", in_channels)
        whole_number("out_channels", out_channels)
        self.normalisation = Normalisation(in_channels, normalisation)
        name = register_encoder(backbone, settings("options", options))
        given = {"is_pad": False, **settings("decoder", decoder)}
        try:
            whole = FlexibleUNet(in_channels, out_channels, name, **given)
        except (AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise NetworkError(
                f"no decoder can be made with {given} ({reason}); expected arguments of "
                "FlexibleUNet such as decoder_channels, norm, dropout and upsample"
            ) from error
        self.backbone = whole.encoder
        self.decoder = whole.decoder
        self.head = whole.segmentation_head
        self.skips = whole.skip_connect
        self.stride = STRIDES[-1]
        freeze(self.backbone, trained)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Gives logits (batch, out_channels, height, width) of images (batch, in_channels, height,
        width) in [0, 1].

        Raises:
            NetworkError: height or width is no multiple of 32.
        """
        return self.decode(self.levels(images))

    def levels(self, images: torch.Tensor) -> list[torch.Tensor]:
        """Gives the encoder's maps of images: those of half their size first, then smaller ones."""
        rows, columns = images.shape[2], images.shape[3]
        if rows % self.stride != 0 or columns % self.stride != 0:
            raise NetworkError(
                f"the images are {columns} x {rows} pixels; expected sides that are multiples of "
                f"{self.stride}, the stride of the encoder: change image_size, or pad them"
            )
        return self.backbone(self.normalisation(images))

    def decode(self, levels: list[torch.Tensor]) -> torch.Tensor:
        """Gives the logits, at the size of the images, of what ``levels`` gave."""
        return self.head(self.decoder(levels, self.skips))

    def train(self, mode: bool = True) -> EncoderUNet:
        """Switches to training; normalisation layers whose weights are frozen stay as they are."""
        super().train(mode)
        hold_frozen_statistics(self.backbone)
        return self
