"""A network that answers by several maps, made to give one."""

from __future__ import annotations

import torch
from torch import nn

from networks.errors import NetworkError


class OneAnswer(nn.Module):
    """Gives one of the answers of a network that answers by a list, such as a U-Net++.

    Args:
        network: from images to a list of answers.
        place: which one; the last, and finest, by default.

    Raises:
        NetworkError: ``network`` is no network, or ``place`` no whole number.
    """

    def __init__(self, network: nn.Module, place: int = -1) -> None:
        super().__init__()
        if not isinstance(network, nn.Module):
            raise NetworkError(f"network is {network!r}; expected a network, by its _target_")
        if isinstance(place, bool) or not isinstance(place, int):
            raise NetworkError(f"place is {place!r}; expected a whole number, -1 for the last")
        self.network = network
        self.place = place

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Gives the answer at ``place`` to images (batch, channels, height, width)."""
        return self.network(images)[self.place]
