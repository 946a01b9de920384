"""A classifier that learns where to look: masks of the lesions guide its training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from networks.errors import NetworkError
from networks.head import classifier_head
from networks.transfer_classifier import TransferClassifier

_FLOOR = 1e-3  # weight of a cell without lesion, so that an image without any is pooled evenly
_CHANNELS = 96  # between the feature maps and the map of the lesion
_PROBED = 128  # pixels


class GuidedClassifier(TransferClassifier):
    """Draws a coarse map of the lesion, and scores the classes by what it sees there, too.

    The last feature maps and those of twice their size make the logit of each cell of the latter to
    hold lesion. The head gets the mean of the last maps, their mean weighted by the lesion's
    probability, and the largest and the mean probability. Masks are needed to train, not to
    answer. (Pooling by a learned map: attention-gated classification, Schlemper et al.,
    doi:10.1016/j.media.2019.01.012.)

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
        self.floor = _FLOOR
        self.fine, fine, coarse = _levels(self.backbone, in_channels)
        self.lesion = nn.ModuleDict(
            {
                "fine": _projection(fine),
                "coarse": _projection(coarse),
                "map": nn.Conv2d(_CHANNELS, 1, 1),
            }
        )
        self.head = classifier_head(2 * coarse + 2, num_classes, **dict(head or {}))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Gives the logits of the classes, and while it trains those of the lesion map behind them.

        Args:
            images: (batch, in_channels, height, width) in [0, 1].

        Returns:
            (batch, num_classes); in training mode (batch, num_classes + rows * columns of the
            lesion map).
        """
        fine, coarse = self.two_maps(images)
        lesion = self.lesion_logits(fine, coarse)
        probability = lesion.sigmoid()
        weights = functional.adaptive_avg_pool2d(probability, coarse.shape[-2:]) + self.floor
        weights = weights / weights.sum(dim=(2, 3), keepdim=True)
        pooled = [
            coarse.mean(dim=(2, 3), keepdim=True),
            (coarse * weights).sum(dim=(2, 3), keepdim=True),
            probability.amax(dim=(2, 3), keepdim=True),
            probability.mean(dim=(2, 3), keepdim=True),
        ]
        logits = self.head(torch.cat(pooled, dim=1))
        return torch.cat([logits, lesion.flatten(1)], dim=1) if self.training else logits

    def two_maps(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Gives the feature maps of twice the last size, and the last ones.

        Args:
            images: (batch, in_channels, height, width) in [0, 1].
        """
        maps = self.normalisation(images)
        fine = maps
        for place, layer in enumerate(self.backbone.features):
            maps = layer(maps)
            if place == self.fine:
                fine = maps
        return fine, maps

    def lesion_logits(self, fine: torch.Tensor, coarse: torch.Tensor) -> torch.Tensor:
        """Gives the logit of lesion in each cell of the finer feature maps, (batch, 1, rows,
        columns), of what ``two_maps`` gives."""
        above = functional.interpolate(
            self.lesion["coarse"](coarse), size=fine.shape[-2:], mode="bilinear"
        )
        return self.lesion["map"](self.lesion["fine"](fine) + above)


def _projection(channels: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, _CHANNELS, 1), nn.BatchNorm2d(_CHANNELS), nn.ReLU(inplace=True)
    )


def _levels(backbone: nn.Module, in_channels: int) -> tuple[int, int, int]:
    """The last layer whose maps have twice the size of the last ones, its channels and theirs."""
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
    twice = [place for place, (_, rows) in enumerate(sizes) if rows == 2 * sizes[-1][1]]
    if not twice:
        raise NetworkError("no layer of the backbone gives maps of twice the size of the last ones")
    return twice[-1], sizes[twice[-1]][0], sizes[-1][0]
