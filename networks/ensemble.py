"""Several classifiers that answer as one: the mean of their probabilities."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import nn
from torch.nn.functional import logsigmoid

from networks.errors import NetworkError

_ACTIVATIONS = ("softmax", "sigmoid")


class Ensemble(nn.Module):
    """Averages the class probabilities of its members.

    It gives the logits of the mean, which the activation turns into the mean itself, so that it
    takes the place of any of its members.

    Args:
        members: classifiers from (batch, channels, height, width) to logits (batch, classes).
        activation: how logits become probabilities: ``softmax``, or ``sigmoid`` of each class by
            itself, divided by their sum.

    Raises:
        NetworkError: there is no member, or no such activation.

    Source: Lakshminarayanan, Pritzel and Blundell 2017, arXiv:1612.01474, equation 2.4.
    """

    def __init__(self, members: Sequence[nn.Module], activation: str = "softmax") -> None:
        super().__init__()
        if not members:
            raise NetworkError("an ensemble needs at least one member")
        if activation not in _ACTIVATIONS:
            raise NetworkError(f"activation is {activation!r}; expected {', '.join(_ACTIVATIONS)}")
        self.members = nn.ModuleList(members)
        self.activation = activation

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Gives logits (batch, classes) of images (batch, channels, height, width)."""
        answers = torch.stack([self._logarithms(member(images)) for member in self.members])
        mean = answers.logsumexp(dim=0) - math.log(len(self.members))
        if self.activation == "softmax":
            return mean
        uncertain = mean.clamp(max=-1e-7)  # a probability of 1 has no finite logit
        return uncertain - torch.log(-torch.expm1(uncertain))

    def _logarithms(self, logits: torch.Tensor) -> torch.Tensor:
        """Logarithms of the probabilities (batch, classes) of one member's logits."""
        logits = logits.float()
        shares = logits if self.activation == "softmax" else logsigmoid(logits)
        return shares.log_softmax(dim=1)
