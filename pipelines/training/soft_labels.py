"""Labels as shares of the classes: what a loss compares with, also of mixed images."""

from __future__ import annotations

import torch
from torch.nn import functional


def class_shares(labels: torch.Tensor, classes: int) -> torch.Tensor:
    """Give the share of each class in each image.

    Args:
        labels: class indices (batch,), or shares (batch, classes), which are passed on.
        classes: number of classes.

    Returns:
        Shares (batch, classes), float32; each row adds up to 1.
    """
    if labels.ndim == 2:
        return labels.float()
    return functional.one_hot(labels.long(), classes).float()


def main_class(labels: torch.Tensor) -> torch.Tensor:
    """Give the class with the largest share in each image, the first one of equals.

    Args:
        labels: class indices (batch,), which are passed on, or shares (batch, classes).

    Returns:
        Class indices (batch,).
    """
    return labels.argmax(dim=1) if labels.ndim == 2 else labels.long()
