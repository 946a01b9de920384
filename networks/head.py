"""The head of a classifier: pooling, one dense layer if wanted, the class scores."""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import nn

from networks.errors import NetworkError


class AverageAndMaximum(nn.Module):
    """Pools feature maps by their mean and by their maximum, side by side."""

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """From (batch, channels, rows, columns) to (batch, 2 * channels, 1, 1)."""
        mean = maps.mean(dim=(2, 3), keepdim=True)
        return torch.cat([mean, maps.amax(dim=(2, 3), keepdim=True)], dim=1)


_POOLINGS = {
    "average": (lambda: nn.AdaptiveAvgPool2d(1), 1),
    "maximum": (lambda: nn.AdaptiveMaxPool2d(1), 1),
    "both": (AverageAndMaximum, 2),
}


def classifier_head(
    channels: int,
    num_classes: int,
    pooling: str = "average",
    dense: int | None = None,
    batch_norm: bool = False,
    dropout: float = 0.0,
) -> nn.Sequential:
    """Makes the head of a classifier.

    Args:
        channels: channels of the feature maps.
        num_classes: number of classes, from 2.
        pooling: ``average``, ``maximum`` or ``both``.
        dense: width of a layer with ReLU before the class scores, or none.
        batch_norm: whether the pooled values (after the dense layer, where there is one) are
            normalised over the batch.
        dropout: share of the values before the class scores that a training step drops, in [0, 1).

    Returns:
        From (batch, channels, rows, columns) to logits (batch, num_classes).

    Raises:
        NetworkError: an argument is out of its range.
    """
    if pooling not in _POOLINGS:
        raise NetworkError(f"pooling is {pooling!r}; expected {', '.join(_POOLINGS)}")
    if num_classes < 2:
        raise NetworkError(f"num_classes is {num_classes}; expected at least 2")
    if not 0 <= dropout < 1:
        raise NetworkError(f"dropout is {dropout}; expected a number from 0 to below 1")
    make, copies = _POOLINGS[pooling]
    width = channels * copies
    layers: OrderedDict[str, nn.Module] = OrderedDict(pooling=make(), flatten=nn.Flatten())
    if dense:
        layers["dense"] = nn.Linear(width, dense)
        width = dense
    if batch_norm:
        layers["batch_norm"] = nn.BatchNorm1d(width)
    if dense:
        layers["relu"] = nn.ReLU(inplace=True)
    if dropout:
        layers["dropout"] = nn.Dropout(dropout)
    layers["scores"] = nn.Linear(width, num_classes)
    return nn.Sequential(layers)
