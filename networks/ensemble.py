"""Several networks that answer as one: the mean of their probabilities."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import nn
from torch.nn.functional import logsigmoid

from networks.errors import NetworkError

_ACTIVATIONS = ("softmax", "sigmoid", "mask")


class Ensemble(nn.Module):
    """Averages the probabilities of its members, of an image or of each pixel.

    It gives the logits of the mean, which the activation turns into the mean itself, so that it
    takes the place of any of its members. A member that empties masks below a gate of its own, such
    as a ``PresenceNetwork``, does so before the mean is taken: its answer to such an image counts
    as a certain "nothing here".

    Args:
        members: networks from (batch, channels, height, width) to logits (batch, classes, ...):
            of the image, or of each pixel (batch, classes, height, width).
        activation: how logits become probabilities: ``softmax`` over the classes; ``sigmoid`` of
            each class by itself, divided by their sum; or ``mask``, the sigmoid of each channel
            alone, as of the one channel of a lesion mask.

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
        """Gives logits (batch, classes, ...) of images (batch, channels, height, width)."""
        answers = torch.stack([self._logarithms(member(images)) for member in self.members])
        mean = answers.logsumexp(dim=0) - math.log(len(self.members))
        if self.activation == "softmax":
            return mean
        uncertain = mean.clamp(max=-1e-7)  # a probability of 1 has no finite logit
        return uncertain - torch.log(-torch.expm1(uncertain))

    def _logarithms(self, logits: torch.Tensor) -> torch.Tensor:
        """Logarithms of the probabilities (batch, classes, ...) of one member's logits."""
        logits = logits.float()
        if self.activation == "mask":
            return logsigmoid(logits)
        shares = logits if self.activation == "softmax" else logsigmoid(logits)
        return shares.log_softmax(dim=1)
