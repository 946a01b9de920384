"""Stop a training that no longer improves on the validation fold; its patience can be resumed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ignite.engine import Engine, Events
from ignite.handlers import EarlyStopping


def metric_or_worst(engine: Engine, metric: str) -> float:
    """A metric of ``engine``, to be made large; -1 where it is NaN, so that any number is better.

    It is -1 as well before the first validation, where not every epoch has one.

    Raises:
        KeyError: the engine has no such metric; the message names those that it has.
    """
    if not engine.state.metrics:
        return -1.0
    if metric not in engine.state.metrics:
        known = ", ".join(sorted(map(str, engine.state.metrics)))
        raise KeyError(f"there is no metric {metric}; the validation gives {known}")
    value = float(engine.state.metrics[metric])
    return -1.0 if math.isnan(value) else value


def is_validated(validator: Engine, trainer: Engine) -> bool:
    """Whether ``validator`` ran in this epoch of ``trainer``, so that its metrics are of now.

    MONAI's ``ValidationHandler`` runs it every few epochs; in between its metrics are old.
    """
    return validator.state.epoch == trainer.state.epoch


class EarlyStop:
    """Ignite's ``EarlyStopping`` as a MONAI handler with a state.

    MONAI's ``EarlyStopHandler`` has no ``state_dict``: after a resume its patience would begin
    anew. Stands after ``ValidationHandler`` in the trainer's list.

    Args:
        validator: the engine whose metric is watched.
        metric: name of the metric; larger is better.
        patience: validated epochs without improvement after which the training stops.
        threshold: the least change that counts as improvement.
    """

    def __init__(
        self, validator: Engine, metric: str, patience: int, threshold: float = 0.0
    ) -> None:
        self.validator = validator
        self.metric = metric
        self.patience = patience
        self.threshold = threshold
        self.stopping: EarlyStopping | None = None

    def attach(self, engine: Engine) -> None:
        """Watch after each epoch of the trainer ``engine``."""
        self.stopping = EarlyStopping(
            patience=self.patience,
            score_function=lambda validator: metric_or_worst(validator, self.metric),
            trainer=engine,
            threshold=self.threshold,
        )
        engine.add_event_handler(Events.EPOCH_COMPLETED, self)

    def __call__(self, engine: Engine) -> None:
        """Count an epoch without improvement; terminate the trainer when patience is over."""
        if is_validated(self.validator, engine):
            self._attached()(self.validator)

    @property
    def stopped(self) -> bool:
        """Whether patience is over."""
        return self._attached().counter >= self.patience

    def state_dict(self) -> dict[str, Any]:
        """Counter and best score, for a checkpoint."""
        return dict(self._attached().state_dict())

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a counter and a best score."""
        self._attached().load_state_dict(state)

    def _attached(self) -> EarlyStopping:
        if self.stopping is None:
            raise RuntimeError("EarlyStop is attached to no trainer; add it to train::handlers")
        return self.stopping
