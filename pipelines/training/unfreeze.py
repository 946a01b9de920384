"""Let more of a pretrained network train as the epochs go by."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import ignite.distributed as idist
from ignite.engine import Engine, Events
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch.optim import Optimizer

from networks.errors import NetworkError
from networks.frozen_layers import Trained, freeze, trained_layers
from pipelines.errors import InputError
from pipelines.training.settings import is_none

_LOG = logging.getLogger("med2d")

Schedule = Mapping[str | int, Trained]
"""What trains from an epoch on, such as ``{"5": {"last": 20}, "10": "all"}``; see ``freeze``."""


class Unfreeze:
    """Sets what trains at the start of each epoch; frozen batch norms stay in evaluation mode.

    It looks at the epoch alone, so that a resume needs no more. Stands before the handlers that
    train, and after none that must know.

    Args:
        network: a classifier with a ``backbone``, whose layers the schedule means; of a
            ``DistributedDataParallel`` the inner one. The head always trains.
        optimizer: must hold all that will ever train from its beginning.
        schedule: see ``Schedule``; None or empty for no change.

    Raises:
        InputError: the schedule is none, or the optimiser lacks parameters that it unfreezes.
    """

    def __init__(
        self, network: nn.Module, optimizer: Optimizer, schedule: Schedule | None = None
    ) -> None:
        self.inner: Any = getattr(network, "module", network)
        self.schedule = checked_schedule(self.inner, schedule)
        held = {id(p) for group in optimizer.param_groups for p in group["params"]}
        for epoch, trained in self.schedule.items():
            with _trained(self.inner, trained):
                wanted = [n for n, p in self.inner.named_parameters() if p.requires_grad]
            lacking = [n for n in wanted if id(self.inner.get_parameter(n)) not in held]
            if lacking:
                raise InputError(
                    f"unfreeze lets {lacking[0]} train from epoch {epoch} on, but the optimizer "
                    "does not hold it; give the optimizer all parameters, as "
                    "networks.parameter_groups does"
                )
        self.current: Trained | None = None

    def attach(self, engine: Engine) -> None:
        """Follow the trainer ``engine``."""
        if self.schedule:
            engine.add_event_handler(Events.EPOCH_STARTED, self)

    def __call__(self, engine: Engine) -> None:
        """Let train what this epoch's entry says, where it is another than before."""
        due = [epoch for epoch in self.schedule if epoch <= engine.state.epoch]
        if not due or self.schedule[due[-1]] == self.current:
            return
        self.current = self.schedule[due[-1]]
        freeze(self.inner.backbone, self.current)
        if isinstance(getattr(engine, "network", None), DistributedDataParallel):
            # Its gradients are shared for what trained when it was made, and for nothing else.
            engine.network = DistributedDataParallel(self.inner)  # type: ignore[attr-defined]
        if idist.get_rank() == 0:
            counts = trained_layers(self.inner)
            _LOG.info(
                f"epoch {engine.state.epoch}: training {counts['parameters_trained']:,} of "
                f"{counts['parameters']:,} parameters from now on, in "
                f"{counts['layers_trained']} of {counts['layers']} layers"
            )


def checked_schedule(network: nn.Module, schedule: Schedule | None) -> dict[int, Trained]:
    """Check a schedule on a network, which stays as it is.

    Returns:
        What trains, by epoch in ascending order.

    Raises:
        InputError: no epochs, no layers of this network, or a network without a backbone.
    """
    if is_none(schedule) or schedule == {}:
        return {}
    expected = 'such as {"5": {"last": 20}, "10": "all"}, or null'
    if not isinstance(schedule, Mapping):
        raise InputError(f"unfreeze is {schedule!r}; expected what trains by epoch, {expected}")
    if not hasattr(network, "backbone"):
        raise InputError(f"unfreeze is for a network with a backbone, not {type(network).__name__}")
    found = {}
    for epoch, trained in schedule.items():
        if not str(epoch).isdigit() or int(epoch) < 1:
            raise InputError(
                f"unfreeze has the epoch {epoch!r}; expected whole numbers from 1, {expected}"
            )
        try:
            with _trained(network, trained):
                pass
        except NetworkError as error:
            raise InputError(f"unfreeze, epoch {epoch}: {error}") from error
        found[int(epoch)] = trained
    return dict(sorted(found.items()))


def with_most_trained(network: nn.Module, schedule: Schedule | None) -> nn.Module:
    """Unfreeze a network as far as any epoch of a schedule does: memory must last for that.

    Args:
        network: is changed; give a copy.
        schedule: see ``Schedule``.

    Returns:
        The same network.
    """
    for trained in checked_schedule(network, schedule).values():
        before = [p for p in network.parameters() if p.requires_grad]
        freeze(network.backbone, trained)  # type: ignore[arg-type]
        for parameter in before:
            parameter.requires_grad_(True)
    return network


@contextmanager
def _trained(network: Any, trained: Trained) -> Iterator[None]:
    """Freeze as asked inside the block, and as before after it."""
    before = [(p, p.requires_grad) for p in network.parameters()]
    try:
        freeze(network.backbone, trained)
        yield
    finally:
        for parameter, trains in before:
            parameter.requires_grad_(trains)
