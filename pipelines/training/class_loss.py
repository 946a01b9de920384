"""The loss of a classification: weighted cross-entropy whose value no batch size changes."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch.nn import functional

from pipelines.training.soft_labels import class_shares
from pipelines.training.weighted_class_loss import WeightedClassLoss


class ClassLoss(WeightedClassLoss):
    """Mean over the images of the class's weight times the cross-entropy.

    PyTorch's own mean divides by the weights of the batch instead: there an image's part depends on
    its neighbours in the batch, and over single images the weights have no effect at all.

    Args:
        weights: of each class, with a mean of 1 over the training images, or None.
        label_smoothing: share of the truth that is spread over all classes, in [0, 1)
            (Szegedy et al., doi:10.1109/CVPR.2016.308).
    """

    def __init__(
        self, weights: Sequence[float] | None = None, label_smoothing: float = 0.0
    ) -> None:
        super().__init__("cross-entropy", weights, label_smoothing)

    def forward(self, logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Give the loss, a scalar.

        Args:
            logits: (batch, classes).
            labels: class indices (batch,), or shares of the classes (batch, classes).
        """
        weights = None if self.weights is None else self.weights.to(logits)
        shares = class_shares(labels, logits.shape[1]).to(logits)
        return functional.cross_entropy(
            logits, shares, weights, label_smoothing=self.label_smoothing, reduction="none"
        ).mean()
