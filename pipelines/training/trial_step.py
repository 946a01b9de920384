"""A training step on made-up images and a copy of the network: it leaves nothing behind."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable

import torch
from torch import nn

from pipelines.errors import InputError
from pipelines.training.precision import AutocastInferer, float32_products

LAYOUTS = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}
"""Orders of a convolution's numbers in memory: channel by channel, or pixel by pixel."""


class TrialStep:
    """Forward and backward pass as the training does them; weights, and random numbers, stay.

    Args:
        network: a classifier or a network of segmentation, of which a copy is taken.
        loss: takes logits (batch, classes) and class indices (batch,), or logits
            (batch, classes, height, width) and class indices (batch, 1, height, width).
        image_size: side of the square images in pixels.
        device: where it computes.
        precision: a key of ``PRECISIONS``.
        memory_layout: a key of ``LAYOUTS``.
    """

    def __init__(
        self,
        network: nn.Module,
        loss: Callable[..., torch.Tensor],
        image_size: int,
        device: str | torch.device,
        precision: str,
        memory_layout: str,
    ) -> None:
        self.device = torch.device(device)
        copied = copy.deepcopy(network).train()
        self.network = copied.to(self.device, memory_format=LAYOUTS[memory_layout])  # type: ignore[call-overload]
        self.loss = loss
        self.shape = (image_channels(network), image_size, image_size)
        self.precision = precision
        self.inferer = AutocastInferer(device, precision)

    def __call__(self, images: int) -> float:
        """Takes a step.

        Args:
            images: size of the batch.

        Returns:
            Its seconds.
        """
        with torch.random.fork_rng(self._gpus(), device_type="cuda"):  # the processor's always
            inputs = torch.rand(images, *self.shape, device=self.device)
            self._wait()
            started = time.perf_counter()
            with float32_products(self.precision):
                logits = self.inferer(inputs, self.network)
                self.loss(logits, _labels(logits)).mean().backward()
            self._wait()
            seconds = time.perf_counter() - started
        self.network.zero_grad(set_to_none=True)
        return seconds

    def _gpus(self) -> list[int]:
        if self.device.type != "cuda":
            return []
        return [torch.cuda.current_device() if self.device.index is None else self.device.index]

    def _wait(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)


def _labels(logits: torch.Tensor) -> torch.Tensor:
    """Class indices 0, 1, 0, … for the images, or for all pixels of each."""
    labels = torch.arange(len(logits), device=logits.device) % 2
    if logits.ndim == 2:
        return labels
    return labels.to(logits.dtype).view(-1, 1, 1, 1).expand(-1, 1, *logits.shape[2:])


def image_channels(network: nn.Module) -> int:
    """Channels of the images that a network takes: those of its first convolution."""
    found = [module for module in network.modules() if isinstance(module, nn.Conv2d)]
    if not found:
        raise InputError(
            "network_def has no convolution to try; give batch_size, precision and memory_layout "
            "instead of auto"
        )
    return found[0].in_channels
