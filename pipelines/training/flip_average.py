"""Answer an image and its mirror images, and average the answers."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial, reduce
from typing import Any

import torch
from monai.inferers import Inferer, SimpleInferer
from torch.nn.functional import logsigmoid

from pipelines.errors import InputError
from pipelines.training.run_folder import flag
from transforms.class_probabilities import ACTIVATIONS

_LEFT_RIGHT, _UP_DOWN = -1, -2


class FlipAverageInferer(Inferer):
    """Averages a network's probabilities over an image and its mirror images.

    It gives the logits of the mean, which the activation turns into the mean itself: what takes
    logits takes it as they are. A network that averages over its mirror image by itself (a
    ``PresenceNetwork`` with ``mirror``) gives the same answer, at twice the time.

    Args:
        enabled: whether the mirror images are asked as well; without, the logits are passed on.
        inferer: runs the network; plainly where not given.
        activation: how the logits become probabilities, ``softmax`` or ``sigmoid`` (of each class
            by itself; see ``transforms.class_probabilities``).
        is_map: whether the answers are maps of the image's pixels; these are mirrored back.
        up_down: whether images are also mirrored up-down, and both ways. Left-right alone suits
            images that have an above and a below, such as ultrasound.

    Raises:
        InputError: ``enabled`` is neither true nor false, or ``activation`` is another.
    """

    def __init__(
        self,
        enabled: bool | str = True,
        inferer: Inferer | None = None,
        activation: str = "softmax",
        is_map: bool = False,
        up_down: bool = False,
    ) -> None:
        super().__init__()
        self.enabled = flag(enabled, "flip_average")
        if activation not in ACTIVATIONS:
            raise InputError(
                f"activation is {activation!r}; expected one of {', '.join(ACTIVATIONS)}"
            )
        self.activation = activation
        self.inferer = SimpleInferer() if inferer is None else inferer
        self.is_map = is_map
        both = ((_UP_DOWN,), (_LEFT_RIGHT, _UP_DOWN)) if up_down else ()
        self.mirrors: tuple[tuple[int, ...], ...] = ((_LEFT_RIGHT,), *both)

    def __call__(
        self, inputs: torch.Tensor, network: Callable[..., torch.Tensor], *args: Any, **kwargs: Any
    ) -> torch.Tensor:
        """Answer images (batch, channel, height, width) by (batch, classes), or by maps (batch,
        classes, height, width).

        Args:
            inputs: the images.
            network: gives logits.
            *args: further arguments of the network.
            **kwargs: further arguments of the network.
        """
        answer = self.inferer(inputs, network, *args, **kwargs)
        if not self.enabled:
            return answer
        answers = [answer.float()]
        for axes in self.mirrors:
            mirrored = self.inferer(inputs.flip(axes), network, *args, **kwargs)
            answers.append((mirrored.flip(axes) if self.is_map else mirrored).float())
        if self.activation == "sigmoid":
            against = _mean(logsigmoid, [-each for each in answers])
            return _mean(logsigmoid, answers) - against
        return _mean(partial(torch.log_softmax, dim=1), answers)


def _mean(log: Callable[..., torch.Tensor], logits: list[torch.Tensor]) -> torch.Tensor:
    """The logarithm of the mean of several probabilities."""
    return reduce(torch.logaddexp, map(log, logits)) - math.log(len(logits))
