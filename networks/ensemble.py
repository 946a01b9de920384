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
        return self.mean([member(images) for member in self.members])

    def mean(self, logits: list[torch.Tensor]) -> torch.Tensor:
        """Gives the logits of the mean of the members' probabilities.

        Args:
            logits: of each member, (batch, classes, ...).
        """
        answers = torch.stack([self._logarithms(each) for each in logits])
        mean = answers.logsumexp(dim=0) - math.log(len(self.members))
        if self.activation == "softmax":
            return mean
        uncertain = mean.clamp(max=-1e-7)  # a probability of 1 has no finite logit
        return uncertain - torch.log(-torch.expm1(uncertain))

    def answers(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Gives what the members say of masks before any gate of theirs: the logits of the mean.

        Args:
            images: (batch, channels, height, width).

        Returns:
            The logits of the mask, (batch, 1, height, width), and those of a lesion's presence,
            (batch, 1): of the members that tell it, NaN where none does.
        """
        told = [
            member.answers(images) if hasattr(member, "answers") else (member(images), None)  # type: ignore[operator]
            for member in self.members
        ]
        presence = [logits.float().sigmoid() for _, logits in told if logits is not None]
        unknown = images.new_full((len(images), 1), math.nan)
        certain = torch.stack(presence).mean(dim=0).logit(eps=1e-7) if presence else unknown
        return self.mean([mask for mask, _ in told]), certain

    def _logarithms(self, logits: torch.Tensor) -> torch.Tensor:
        """Logarithms of the probabilities (batch, classes, ...) of one member's logits."""
        logits = logits.float()
        if self.activation == "mask":
            return logsigmoid(logits)
        shares = logits if self.activation == "softmax" else logsigmoid(logits)
        return shares.log_softmax(dim=1)
