"""The loss of a network that draws a mask and says whether there is a lesion."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from pipelines.errors import InputError


class PresenceLoss(nn.Module):
    """The loss of the mask plus ``weight`` times the cross-entropy of the lesion's presence.

    Args:
        mask_loss: takes logits (batch, 1, height, width) and masks of that shape.
        weight: of the presence's loss.
        positive_weight: weight of the images with a lesion in it.

    Raises:
        InputError: a weight is no number above 0.
    """

    def __init__(
        self, mask_loss: nn.Module, weight: float = 1.0, positive_weight: float = 1.0
    ) -> None:
        super().__init__()
        for name, value in (("weight", weight), ("positive_weight", positive_weight)):
            if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
                raise InputError(f"{name} of the loss is {value!r}; expected a number above 0")
        self.mask_loss = mask_loss
        self.weight = weight
        self.positive_weight = positive_weight

    def forward(self, answer: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Give the loss, a scalar.

        Args:
            answer: logits (batch, 2, height, width) as a ``PresenceUNet`` in training mode gives
                them, or (batch, 1, height, width): then the mask's loss alone.
            mask: (batch, 1, height, width), above 0 where the lesion is.
        """
        loss = self.mask_loss(answer[:, :1], mask)
        if answer.shape[1] == 1:
            return loss
        presence = answer[:, 1].flatten(1).mean(dim=1)
        truth = (mask.flatten(1).amax(dim=1) > 0).to(presence)
        positive = torch.tensor(float(self.positive_weight)).to(presence)
        return loss + self.weight * functional.binary_cross_entropy_with_logits(
            presence, truth, pos_weight=positive
        )
