"""Batch norm over a single value: a network that cannot train on one image at once."""

from __future__ import annotations

import copy

import torch
from torch import nn

from pipelines.errors import InputError

_WORDS = "Expected more than 1 value per channel"
SINGLE = (
    "network_def normalises over the batch (batch norm in its head, or on maps of a single pixel), "
    "and of one image alone there is no spread"
)


def is_single_image(error: BaseException) -> bool:
    """Whether PyTorch refused a batch norm over a single value."""
    return isinstance(error, ValueError) and _WORDS in str(error)


def check_single_image(network: nn.Module, channels: int, image_size: int) -> None:
    """Check that a network can train on one image at once.

    Args:
        network: the network, which stays as it is.
        channels: channels of the images.
        image_size: side of the square images in pixels.

    Raises:
        InputError: it cannot.
    """
    copied = copy.deepcopy(network).train()
    device = next(copied.parameters()).device
    try:
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            copied(torch.zeros(1, channels, image_size, image_size, device=device))
    except ValueError as error:
        if not is_single_image(error):
            raise
        raise InputError(f"batch_size is 1, but {SINGLE}; give --batch_size 2 or more") from error
