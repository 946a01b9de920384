"""Answer images of any size by windows of the training's size that blend into one another."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from monai.inferers import Inferer, SlidingWindowInferer


class WindowInferer(SlidingWindowInferer):
    """MONAI's sliding window whose windows another inferer answers, such as one that autocasts.

    Neighbouring windows overlap by half and are weighed by a Gaussian, so that the middle of a
    window counts more than its border, where the network knows less of the surroundings; no border
    of a window is seen in the answer (Isensee et al. 2021, doi:10.1038/s41592-020-01008-z). An
    image smaller than a window is padded with zeros.

    Args:
        window: side of the square windows in pixels.
        batch_size: windows that are answered at once.
        inferer: answers the windows; the network alone where not given.
        overlap: share of a window that the next one covers again, from 0 to below 1.
    """

    def __init__(
        self,
        window: int,
        batch_size: int = 4,
        inferer: Inferer | None = None,
        overlap: float = 0.5,
    ) -> None:
        super().__init__(
            (window, window), sw_batch_size=batch_size, overlap=overlap, mode="gaussian"
        )
        self.inferer = inferer

    def __call__(
        self, inputs: torch.Tensor, network: Callable[..., torch.Tensor], *args: Any, **kwargs: Any
    ) -> torch.Tensor:
        """Answer images (batch, channel, height, width) by logits of their height and width.

        Args:
            inputs: the images.
            network: gives logits.
            *args: further arguments of the network.
            **kwargs: further arguments of the network.
        """
        answer = network if self.inferer is None else partial(self.inferer, network=network)
        return super().__call__(inputs, answer, *args, **kwargs)
