"""Step the learning-rate schedule: after an epoch, after a step, or where there is a new score."""

from __future__ import annotations

from typing import Any

from ignite.engine import Engine, Events
from torch.optim.lr_scheduler import OneCycleLR, ReduceLROnPlateau

from pipelines.training.early_stop import is_validated, metric_or_worst


class Schedule:
    """Steps a schedule at the end of each epoch; stands after ``ValidationHandler``.

    ``OneCycleLR`` counts the optimiser's steps instead. A training that goes on longer than its
    cycle (a resume with more epochs) stays at the cycle's last rate.

    MONAI's ``LrScheduleHandler`` would hand a plateau schedule the score of the last validation
    again in an epoch without one, which counts as an epoch without improvement.

    Args:
        scheduler: any schedule of PyTorch's; ``ReduceLROnPlateau`` steps on validated epochs only.
        validator: the engine that holds the metric.
        metric: name of the metric; larger is better.
    """

    def __init__(self, scheduler: Any, validator: Engine, metric: str) -> None:
        self.scheduler = scheduler
        self.validator = validator
        self.metric = metric

    def attach(self, engine: Engine) -> None:
        """Step after each epoch of the trainer ``engine``, or each of its steps."""
        by_step = isinstance(self.scheduler, OneCycleLR)
        when = Events.ITERATION_COMPLETED if by_step else Events.EPOCH_COMPLETED
        engine.add_event_handler(when, self)

    def __call__(self, engine: Engine) -> None:
        """Step the schedule where this epoch or step calls for it."""
        if isinstance(self.scheduler, OneCycleLR):
            if self.scheduler.last_epoch + 1 < self.scheduler.total_steps:
                self.scheduler.step()
        elif not isinstance(self.scheduler, ReduceLROnPlateau):
            self.scheduler.step()
        elif is_validated(self.validator, engine):
            self.scheduler.step(metric_or_worst(self.validator, self.metric))
