"""Step the learning-rate schedule: after an epoch, after a step, or where there is a new score."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from ignite.engine import Engine, Events
from torch.optim import Optimizer
from torch.optim.lr_scheduler import OneCycleLR, ReduceLROnPlateau

from pipelines.errors import InputError
from pipelines.training.early_stop import is_validated, metric_or_worst


class OneCycle(OneCycleLR):
    """PyTorch's ``OneCycleLR``, also for so few steps that the first one ends the rise.

    There (``pct_start * total_steps`` of 1) PyTorch divides by zero; here the cycle begins at its
    largest rate. Of a single step the rate is the cycle's last, which is almost nothing.

    Args:
        optimizer: the optimiser.
        max_lr: largest rate, of all groups or of each.
        total_steps: steps of the optimiser in the whole training.
        pct_start: share of the steps in which the rate rises, in [0, 1].
        anneal_strategy: ``cos`` or ``linear``.
        cycle_momentum: whether the momentum falls while the rate rises.
        div_factor: largest rate divided by the first.
        final_div_factor: first rate divided by the last.
        three_phase: whether the rate falls as it rose before it goes to its last.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | list[float],
        total_steps: int,
        pct_start: float = 0.3,
        anneal_strategy: Literal["cos", "linear"] = "cos",
        cycle_momentum: bool = False,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
    ) -> None:
        if pct_start * total_steps == 1:
            pct_start -= 1e-9
        super().__init__(
            optimizer,
            max_lr,
            total_steps,
            pct_start=pct_start,
            anneal_strategy=anneal_strategy,
            cycle_momentum=cycle_momentum,
            div_factor=div_factor,
            final_div_factor=final_div_factor,
            three_phase=three_phase,
        )


class Schedule:
    """Steps a schedule at the end of each epoch; stands after ``ValidationHandler``.

    ``OneCycleLR`` counts the optimiser's steps instead. Past its end it stays at its last rate,
    which is almost nothing: a resume with more epochs is refused (``check_cycle``).

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


def check_cycle(scheduler: Any, state: Mapping[str, Any], folder: str | Path) -> None:
    """Refuse a resume that would go on longer than the cycle that the run was started with.

    Args:
        scheduler: the schedule as the configuration now makes it.
        state: the checkpoint to go on from.
        folder: the run's folder.

    Raises:
        InputError: the cycle would end before the training, which would learn nothing after it.
    """
    if not isinstance(scheduler, OneCycleLR):
        return
    try:
        planned, length = state["scheduler"]["total_steps"], state["trainer"]["epoch_length"]
    except (LookupError, TypeError):
        return  # another kind of run, which is refused when it is loaded
    if scheduler.total_steps > planned:
        epochs, wanted = planned // length, scheduler.total_steps // length
        count = f"{epochs} epoch" + ("s" if epochs > 1 else "")
        raise InputError(
            f"the learning-rate schedule of the run in {folder} was made for {count} and "
            f"ends at almost nothing; it cannot go on to {wanted}. Start anew with --epochs "
            f"{wanted} (--overwrite true, or another --output_dir), or with a plateau schedule, "
            "which can go on"
        )
