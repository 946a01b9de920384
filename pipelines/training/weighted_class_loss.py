"""What the losses of a classification have in common: weights of the classes, smoothed labels."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import ignite.distributed as idist
import torch
from torch import nn

_LOG = logging.getLogger("med2d")


class WeightedClassLoss(nn.Module):
    """Keeps the settings of a loss and says once, in the log, which loss it is.

    Args:
        kind: what the log calls it.
        weights: of each class, with a mean of 1 over the training images, or None.
        label_smoothing: share of the truth that is spread, in [0, 1).
    """

    def __init__(self, kind: str, weights: Sequence[float] | None, label_smoothing: float) -> None:
        super().__init__()
        self.weights = None if weights is None else torch.tensor(weights, dtype=torch.float32)
        self.label_smoothing = label_smoothing
        if idist.get_rank() == 0:
            _LOG.info(f"loss: {kind}, label smoothing {label_smoothing:g}")
