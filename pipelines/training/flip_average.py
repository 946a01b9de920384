"""Answer an image and its mirror image, and average the two."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from monai.inferers import Inferer, SimpleInferer
from torch.nn.functional import logsigmoid

from pipelines.errors import InputError
from pipelines.training.run_folder import flag
from transforms.class_probabilities import ACTIVATIONS


class FlipAverageInferer(Inferer):
    """Averages a classifier's probabilities over an image and its left-right mirror image.

    It gives the logits of the mean, which the activation turns into the mean itself: what takes
    logits takes it as they are.

    Args:
        enabled: whether the mirror image is asked as well; without, the logits are passed on.
        inferer: runs the network; plainly where not given.
        activation: how the logits become probabilities, ``softmax`` or ``sigmoid`` (of each class
            by itself; see ``transforms.class_probabilities``).

    Raises:
        InputError: ``enabled`` is neither true nor false, or ``activation`` is another.
    """

    def __init__(
        self,
        enabled: bool | str = True,
        inferer: Inferer | None = None,
        activation: str = "softmax",
    ) -> None:
        super().__init__()
        self.enabled = flag(enabled, "flip_average")
        if activation not in ACTIVATIONS:
            raise InputError(
                f"activation is {activation!r}; expected one of {', '.join(ACTIVATIONS)}"
            )
        self.activation = activation
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
        one, other = answer.float(), mirrored.float()
        if self.activation == "sigmoid":
            return _mean(logsigmoid, one, other) - _mean(logsigmoid, -one, -other)
        return _mean(partial(torch.log_softmax, dim=1), one, other)


def _mean(log: Callable[..., torch.Tensor], one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """The logarithm of the mean of two probabilities."""
    return torch.logaddexp(log(one), log(other)) - math.log(2)
