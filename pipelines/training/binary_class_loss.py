"""Binary cross-entropy of a classification: each class is a yes-or-no question of its own."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional

from pipelines.errors import InputError
from pipelines.training.soft_labels import class_shares
from pipelines.training.weighted_class_loss import WeightedClassLoss


class BinaryClassLoss(WeightedClassLoss):
    """Mean over the images of the class's weight times the mean binary cross-entropy.

    Each class has a sigmoid of its own, which is compared with 1 for the image's class and 0 for
    the others. Network outputs are to be read by ``"activation": "sigmoid"`` then, not by a
    softmax; see ``transforms.class_probabilities``.

    Args:
        weights: of each class, with a mean of 1 over the training images, or None. An image weighs
            as its class, in all of its questions.
        label_smoothing: share of the truth that is spread over yes and no, in [0, 1).
    """

    def __init__(
        self, weights: Sequence[float] | None = None, label_smoothing: float = 0.0
    ) -> None:
        super().__init__("binary cross-entropy", weights, label_smoothing)

    def forward(self, logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Give the loss, a scalar.

        Args:
            logits: (batch, classes).
            labels: class indices (batch,), or shares of the classes (batch, classes).
        """
        shares = class_shares(labels, logits.shape[1]).to(logits)
        smooth = shares * (1 - self.label_smoothing) + self.label_smoothing / 2
        questions = functional.binary_cross_entropy_with_logits(logits, smooth, reduction="none")
        losses = questions.mean(dim=1)
        if self.weights is not None:
            losses = losses * (shares @ self.weights.to(logits))
        return losses.mean()


def check_activation(loss: nn.Module, activation: str) -> None:
    """Check that a network trained question by question is read that way, too.

    Args:
        loss: the training's loss.
        activation: the setting of that name.

    Raises:
        InputError: the loss is a ``BinaryClassLoss`` and the activation is no sigmoid.
    """
    if isinstance(loss, BinaryClassLoss) and activation != "sigmoid":
        raise InputError(
            f"activation is {activation!r}, and the loss is the binary cross-entropy, whose "
            "answers are sigmoids; give --activation sigmoid"
        )
