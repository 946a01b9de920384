"""A classifier as it answers: averaged over the mirror image, at a temperature of its own."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn
from torch.nn.functional import logsigmoid

from networks.arguments import flag
from networks.errors import NetworkError

ACTIVATIONS = ("softmax", "sigmoid")

TEMPERATURE = "temperature"
"""Name of the temperature among the weights."""

_INNER = "network."


class CalibratedClassifier(nn.Module):
    """Divides a classifier's logits by a temperature, so that its probabilities mean what they say.

    The logits are those of the mean over the image and its left-right mirror image, where both are
    asked: the temperature was fitted to these answers. It changes how sure an answer is, not the
    class that is the most probable (but where sigmoids of several classes round to 1).

    The temperature is a part of the weights, so that whoever loads them has it. They are those of
    the classifier inside, under its own names, and ``temperature``; weights without one are taken
    as they are, at temperature 1.

    Args:
        network: the classifier, from images to logits (batch, classes).
        flip_average: whether the mirror image is asked as well.
        activation: how logits become probabilities: ``softmax``, or ``sigmoid`` of each class by
            itself; their mean over the mirror image is taken so.
        calibrated: whether the temperature is applied.

    Raises:
        NetworkError: one of them is out of its range.

    Source: Guo et al. 2017, On calibration of modern neural networks, arXiv:1706.04599.
    """

    def __init__(
        self,
        network: nn.Module,
        flip_average: bool | str = True,
        activation: str = "softmax",
        calibrated: bool | str = True,
    ) -> None:
        super().__init__()
        if activation not in ACTIVATIONS:
            raise NetworkError(f"activation is {activation!r}; expected {', '.join(ACTIVATIONS)}")
        self.network = network
        self.flip_average = flag("flip_average", flip_average)
        self.activation = activation
        self.calibrated = flag("calibrated", calibrated)
        self.temperature: torch.Tensor
        self.register_buffer(TEMPERATURE, torch.tensor(1.0))
        self.register_state_dict_post_hook(_with_own_names)
        self.register_load_state_dict_pre_hook(_with_inner_names)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Gives logits (batch, classes) of images (batch, channels, height, width)."""
        return self.at_temperature(self.uncalibrated(images))

    def uncalibrated(self, images: torch.Tensor) -> torch.Tensor:
        """Gives the logits (batch, classes) before the temperature."""
        answer = self.network(images)
        if not self.flip_average:
            return answer
        answer, other = answer.float(), self.network(images.flip(-1)).float()
        if self.activation == "sigmoid":
            return _mean(logsigmoid(answer), logsigmoid(other)) - _mean(
                logsigmoid(-answer), logsigmoid(-other)
            )
        return _mean(answer.log_softmax(dim=1), other.log_softmax(dim=1))

    def at_temperature(self, answers: torch.Tensor) -> torch.Tensor:
        """Gives the calibrated logits of ``answers``; the same where nothing is calibrated."""
        return answers / self.temperature if self.calibrated else answers


def _mean(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """The logarithm of the mean of two probabilities."""
    return torch.logaddexp(one, other) - math.log(2)


def _with_own_names(module: nn.Module, state: dict[str, Any], prefix: str, _: object) -> None:
    """Names the weights as the classifier inside does."""
    for name in [name for name in state if name.startswith(prefix + _INNER)]:
        state[prefix + name.removeprefix(prefix + _INNER)] = state.pop(name)


def _with_inner_names(module: nn.Module, state: dict[str, Any], prefix: str, *_: object) -> None:
    """Names the weights as they are called here, and completes them."""
    own = prefix + TEMPERATURE
    for name in [name for name in state if name.startswith(prefix) and name != own]:
        state[prefix + _INNER + name.removeprefix(prefix)] = state.pop(name)
    state.setdefault(own, torch.tensor(1.0))
