"""A moving average of the weights, which is what is validated, kept and scored."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import ignite.distributed as idist
import torch
from ignite.engine import Engine, Events
from torch.optim.swa_utils import AveragedModel

from pipelines.errors import InputError


class WeightAverage:
    """Follows a network's weights, and its normalisation statistics, by a moving average.

    After step n ``average = d * average + (1 - d) * weights``, starting from the weights after
    the first, where ``d`` is the smaller of ``decay`` and ``(1 + n) / (10 + n)``: early weights,
    which are poor, are soon forgotten (the rule of TensorFlow's ``ExponentialMovingAverage``). On
    few images the weights of single steps jump about; their average lies in the middle (Polyak and
    Juditsky, doi:10.1137/0330046).

    Stands before ``ValidationHandler`` in the trainer's list.

    Args:
        network: the network that is trained; of a ``DistributedDataParallel`` the inner one is
            followed.
        decay: weight of the past in the long run, from 0 to below 1; None for no average: then
            ``network`` is the trained network itself.

    Attributes:
        network: the averaged network, to validate and to keep.

    Raises:
        InputError: ``decay`` is neither None nor a number from 0 to below 1.
    """

    def __init__(self, network: torch.nn.Module, decay: float | None) -> None:
        self.trained = getattr(network, "module", network)
        self.model: AveragedModel | None = None
        if decay is not None:
            if isinstance(decay, bool) or not isinstance(decay, int | float) or not 0 <= decay < 1:
                raise InputError(
                    f"weight_average is {decay!r}; expected a number from 0 to below 1, such as "
                    "0.99, or null for no average"
                )
            follow = partial(_follow, decay=float(decay))
            self.model = AveragedModel(self.trained, avg_fn=follow, use_buffers=True)
        self.network = self.trained if self.model is None else self.model.module

    def attach(self, engine: Engine) -> None:
        """Average after each step of ``engine``; processes agree at the end of each epoch."""
        if self.model is not None:
            engine.add_event_handler(Events.ITERATION_COMPLETED, self._update)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self._agree)

    def state_dict(self) -> dict[str, Any]:
        """The averaged weights and the number of steps."""
        return {} if self.model is None else dict(self.model.state_dict())

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up the average of another time."""
        if (self.model is None) != (not state):
            raise ValueError("the checkpoint and the configuration differ in weight_average")
        if self.model is not None:
            self.model.load_state_dict(state)

    def _update(self) -> None:
        assert self.model is not None
        self.model.update_parameters(self.trained)

    def _agree(self) -> None:
        # Each process has its own normalisation statistics; the first one's are validated and kept.
        if idist.get_world_size() > 1:
            for buffer in self.network.buffers():
                torch.distributed.broadcast(buffer, 0)


def _follow(
    average: torch.Tensor, value: torch.Tensor, steps: torch.Tensor | int, decay: float
) -> torch.Tensor:
    """The next average; counters, which are whole numbers, are copied."""
    if not average.is_floating_point():
        return value
    done = int(steps)
    return torch.lerp(value, average, min(decay, (1 + done) / (10 + done)))
