"""Focal loss of a classification: images that are answered well already count less."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from monai.losses import FocalLoss

from pipelines.errors import InputError
from pipelines.training.soft_labels import class_shares
from pipelines.training.weighted_class_loss import WeightedClassLoss


class FocalClassLoss(WeightedClassLoss):
    """Mean over the images of -w (1 - p)^gamma log p, summed over the classes by their shares.

    p is the softmax's probability of the class and w the class's weight (Lin et al. 2017,
    doi:10.1109/ICCV.2017.324; MONAI's ``FocalLoss``). With a gamma of 0 it is the cross-entropy.

    Args:
        weights: of each class, with a mean of 1 over the training images, or None.
        label_smoothing: share of the truth that is spread over all classes, in [0, 1).
        gamma: at least 0; the larger, the less the well answered images count.

    Raises:
        InputError: ``gamma`` is no number of at least 0.
    """

    def __init__(
        self,
        weights: Sequence[float] | None = None,
        label_smoothing: float = 0.0,
        gamma: float = 2.0,
    ) -> None:
        if isinstance(gamma, bool) or not isinstance(gamma, int | float):
            raise InputError(f"gamma of the focal loss is {gamma!r}; expected a number, such as 2")
        if not 0 <= gamma < math.inf:
            raise InputError(f"gamma of the focal loss is {gamma}; expected a number of at least 0")
        super().__init__(f"focal, gamma {gamma:g}", weights, label_smoothing)
        self.focal = FocalLoss(gamma=gamma, weight=self.weights, use_softmax=True, reduction="none")

    def forward(self, logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Give the loss, a scalar.

        Args:
            logits: (batch, classes).
            labels: class indices (batch,), or shares of the classes (batch, classes).
        """
        classes = logits.shape[1]
        shares = class_shares(labels, classes).to(logits)
        smooth = shares * (1 - self.label_smoothing) + self.label_smoothing / classes
        return self.focal(logits, smooth).sum(dim=1).mean()
