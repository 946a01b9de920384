"""A loss that takes from the answers what the classes' shares alone would say."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import ignite.distributed as idist
import torch
from torch import nn

from pipelines.errors import InputError

_LOG = logging.getLogger("med2d")


class PriorAdjustedLoss(nn.Module):
    """Adds the logarithm of each class's share of the training images to its logit.

    A network that learns so answers as if all classes were alike in number, so that its largest
    logit serves the balanced accuracy. Unlike weights it keeps its effect once every training image
    is answered right. (Menon et al. 2021, Long-tail learning via logit adjustment,
    arXiv:2007.07314, equation 10.)

    Args:
        class_loss: takes logits (batch, classes) and labels.
        items: the images that train, with ``class``; every class has some.
        labels: the class names in the order of their indices.
        strength: of the adjustment; 1 makes the classes alike, 0 changes nothing.

    Raises:
        InputError: the strength is no number from 0.
    """

    def __init__(
        self,
        class_loss: nn.Module,
        items: Sequence[Mapping[str, Any]],
        labels: Sequence[str],
        strength: float = 1.0,
    ) -> None:
        super().__init__()
        if isinstance(strength, bool) or not isinstance(strength, int | float) or strength < 0:
            raise InputError(f"strength is {strength!r}; expected a number from 0, such as 1")
        self.class_loss = class_loss
        counts = Counter(item["class"] for item in items)
        shares = torch.tensor([counts[name] / len(items) for name in labels])
        self.offsets = strength * shares.log()
        if idist.get_rank() == 0:
            shown = ", ".join(f"{n} {v:.2f}" for n, v in zip(labels, self.offsets, strict=True))
            _LOG.info(f"added to the logits while training: {shown}")

    def forward(self, logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Give the loss, a scalar.

        Args:
            logits: (batch, classes).
            labels: as ``class_loss`` takes them.
        """
        return self.class_loss(logits + self.offsets.to(logits), labels)
