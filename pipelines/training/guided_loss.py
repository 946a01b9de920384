"""The loss of a guided classifier: classes and lesion map together."""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional


class GuidedLoss(nn.Module):
    """The loss of the classes plus ``weight`` times that of the lesion map.

    The map's loss is the mean over the images of cross-entropy by cell and half the soft Dice loss;
    a cell's truth is the share of it that is lesion.

    Args:
        class_loss: takes logits (batch, classes) and labels.
        classes: number of classes.
        weight: of the lesion map's loss.
    """

    def __init__(self, class_loss: nn.Module, classes: int, weight: float = 1.0) -> None:
        super().__init__()
        self.class_loss = class_loss
        self.classes = classes
        self.weight = weight

    def forward(self, answer: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Give the loss, a scalar.

        Args:
            answer: logits (batch, classes), or followed by those of the map's cells, as a
                ``GuidedClassifier`` in training mode gives them; the map is square.
            target: labels as ``class_loss`` takes them; or, to count the map, what
                ``GuidedBatch`` makes of label and mask.
        """
        logits, cells = answer[:, : self.classes], answer[:, self.classes :]
        if target.ndim == 1 or target.shape[1] == self.classes:
            return self.class_loss(logits, target)
        shares, mask = target[:, : self.classes], target[:, self.classes :]
        return self.class_loss(logits, shares) + self.weight * _map_loss(cells, mask)


def _map_loss(cells: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """The loss of a map (batch, cells) against masks (batch, pixels) with values in [0, 1]."""
    side, pixels = math.isqrt(cells.shape[1]), math.isqrt(mask.shape[1])
    squares = mask.reshape(-1, 1, pixels, pixels).to(cells)
    truth = functional.adaptive_avg_pool2d(squares, side).flatten(1)
    probability = cells.sigmoid()
    overlap = 2 * (probability * truth).sum(dim=1) + 1
    dice = 1 - overlap / (probability.sum(dim=1) + truth.sum(dim=1) + 1)
    entropy = functional.binary_cross_entropy_with_logits(cells, truth, reduction="none")
    return (entropy.mean(dim=1) + 0.5 * dice).mean()
