"""The loss of a network that draws a mask and says whether there is a lesion."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from pipelines.errors import InputError


class PresenceLoss(nn.Module):
    """The loss of the mask plus ``weight`` times the cross-entropy of the lesion's presence.

    The mask's loss is a weighted mean over the images. Where the presence decides whether a mask is
    given out at all, the mask need not be silent on normal images: taught to be, it misses faint
    lesions, too. So normal images may count less there.

    Args:
        mask_loss: takes logits (batch, 1, height, width) and masks of that shape; it is asked image
            by image.
        weight: of the presence's loss.
        positive_weight: weight of the images with a lesion in it.
        normal_weight: weight of a normal image in the mask's loss, above 0; of one with a lesion
            it is 1.

    Raises:
        InputError: a weight is no number above 0.
    """

    def __init__(
        self,
        mask_loss: nn.Module,
        weight: float = 1.0,
        positive_weight: float = 1.0,
        normal_weight: float = 1.0,
    ) -> None:
        super().__init__()
        weights = {"weight": weight, "positive_weight": positive_weight}
        for name, value in (weights | {"normal_weight": normal_weight}).items():
            if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
                raise InputError(f"{name} of the loss is {value!r}; expected a number above 0")
        self.mask_loss = mask_loss
        self.weight = weight
        self.positive_weight = positive_weight
        self.normal_weight = normal_weight

    def forward(self, answer: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Give the loss, a scalar.

        Args:
            answer: logits (batch, 2, height, width) as a ``PresenceNetwork`` in training mode gives
                them, or (batch, 1, height, width): then the mask's loss alone.
            mask: (batch, 1, height, width), above 0 where the lesion is.
        """
        truth = (mask.flatten(1).amax(dim=1) > 0).to(answer)
        loss = self._of_masks(answer[:, :1], mask, truth)
        if answer.shape[1] == 1:
            return loss
        presence = answer[:, 1].flatten(1).mean(dim=1)
        positive = torch.tensor(float(self.positive_weight)).to(presence)
        return loss + self.weight * functional.binary_cross_entropy_with_logits(
            presence, truth, pos_weight=positive
        )

    def _of_masks(
        self, logits: torch.Tensor, mask: torch.Tensor, truth: torch.Tensor
    ) -> torch.Tensor:
        pairs = zip(logits.split(1), mask.split(1), strict=True)
        values = torch.stack([self.mask_loss(*pair) for pair in pairs])
        weights = truth + self.normal_weight * (1 - truth)
        return (values * weights).sum() / weights.sum()
