"""A classifier that reads each image at several sizes, with a backbone that stays as it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from networks.backbones import feature_channels
from networks.errors import NetworkError
from networks.head import classifier_head
from networks.transfer_classifier import TransferClassifier

_STATISTICS = 3  # mean, maximum and standard deviation


class MultiScaleClassifier(TransferClassifier):
    """Scores the classes by statistics of a frozen backbone's feature maps at several sizes.

    At each size the mean, the maximum and the standard deviation of each feature map are taken: the
    size of what is seen, its strongest place and its unevenness, which a mean alone loses. Only the
    head trains; a linear classifier of scikit-learn can be put into it.

    Args:
        backbone: library and model; see ``TransferClassifier``. With ``depth`` it must be one
            sequence of layers called ``features``, as torchvision's MobileNet is.
        num_classes: number of classes, from 2.
        in_channels: channels of the images, 1 (grey) or 3 (RGB).
        sizes: longer sides in pixels to which the images are brought, each once.
        depth: number of layers of ``features`` whose maps are read; all where not given.
        **arguments: others of ``TransferClassifier``: ``options``, ``normalisation``.

    Raises:
        NetworkError: one of them cannot be had.
    """

    def __init__(
        self,
        backbone: str,
        num_classes: int,
        in_channels: int = 1,
        sizes: Sequence[int] = (160, 320),
        depth: int | None = None,
        **arguments: Any,
    ) -> None:
        super().__init__(backbone, num_classes, in_channels, trained="none", **arguments)
        self.sizes = _checked_sizes(sizes)
        if depth is not None:
            self.backbone.features = _first_layers(self.backbone, depth)
        channels = feature_channels(self.backbone, in_channels) * _STATISTICS * len(self.sizes)
        self.head = classifier_head(channels, num_classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Gives logits (batch, num_classes) of images (batch, in_channels, height, width) in
        [0, 1]."""
        return self.head(self.embeddings(images)[:, :, None, None])

    def embeddings(self, images: torch.Tensor) -> torch.Tensor:
        """Gives the statistics (batch, channels * 3 * sizes) of the feature maps."""
        statistics: list[torch.Tensor] = []
        longer = max(images.shape[2], images.shape[3])
        for size in self.sizes:
            rows = max(1, (images.shape[2] * size + longer // 2) // longer)
            columns = max(1, (images.shape[3] * size + longer // 2) // longer)
            seen = functional.interpolate(
                images, size=(rows, columns), mode="bilinear", antialias=True
            )
            maps = self.maps(seen).flatten(2).float()
            statistics += [maps.mean(dim=2), maps.amax(dim=2), maps.std(dim=2, correction=0)]
        return torch.cat(statistics, dim=1)


def _checked_sizes(sizes: Sequence[int]) -> tuple[int, ...]:
    given = tuple(sizes)
    right = all(isinstance(size, int) and not isinstance(size, bool) for size in given)
    if not given or not right or len(set(given)) < len(given) or min(given) < 32:
        raise NetworkError(f"sizes is {sizes!r}; expected different numbers of pixels from 32")
    return given


def _first_layers(backbone: nn.Module, depth: int) -> nn.Sequential:
    layers = getattr(backbone, "features", None)
    if not isinstance(layers, nn.Sequential) or len(list(backbone.children())) > 1:
        raise NetworkError(
            "depth needs a backbone of one sequence of layers, such as torchvision.mobilenet_v2; "
            "leave it out"
        )
    if isinstance(depth, bool) or not isinstance(depth, int) or not 0 < depth <= len(layers):
        raise NetworkError(f"depth is {depth!r}; expected a number of layers, 1 to {len(layers)}")
    return layers[:depth]
