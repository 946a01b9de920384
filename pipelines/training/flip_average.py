"""Answer an image and its mirror image, and average the two."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from monai.inferers import Inferer, SimpleInferer

from pipelines.training.run_folder import flag


class FlipAverageInferer(Inferer):
    """Averages a classifier's probabilities over an image and its left-right mirror image.

    It gives the logarithm of the mean, which a softmax turns into the mean itself: what takes
    logits takes it as they are.

    Args:
        enabled: whether the mirror image is asked as well; without, the logits are passed on.
        inferer: runs the network; plainly where not given.

    Raises:
        InputError: ``enabled`` is neither true nor false.
    """

    def __init__(self, enabled: bool | str = True, inferer: Inferer | None = None) -> None:
        super().__init__()
        self.enabled = flag(enabled, "flip_average")
        self.inferer = SimpleInferer() if inferer is None else inferer

    def __call__(
        self, inputs: torch.Tensor, network: Callable[..., torch.Tensor], *args: Any, **kwargs: Any
    ) -> torch.Tensor:
        """Answer images (batch, channel, height, width) by (batch, classes).

        Args:
            inputs: the images.
            network: gives logits.
            *args: further arguments of the network.
            **kwargs: further arguments of the network.
        """
        answer = self.inferer(inputs, network, *args, **kwargs)
        if not self.enabled:
            return answer
        mirrored = self.inferer(inputs.flip(-1), network, *args, **kwargs)
        both = (answer.float().log_softmax(1), mirrored.float().log_softmax(1))
        return torch.logaddexp(*both) - math.log(2)
