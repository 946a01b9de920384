"""The history of a training: a row an epoch in history.csv, a line on the terminal, curves."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

import ignite.distributed as idist
import torch
from ignite.engine import Engine, Events
from rich.console import Console

from pipelines.datasets.dataset import LEAKY
from pipelines.evaluation.curves import draw_curves, read_history, write_history
from pipelines.training.early_stop import is_validated
from pipelines.training.run_folder import CONFIG, recorded

FILE = "history.csv"
CURVES = "curves"
_SHOWN = ("train_loss", "val_loss", "val_dice", "val_accuracy")  # on the terminal


class History:
    """Writes the scores of each epoch, tells the person who waits, draws the curves at the end.

    Stands after ``ValidationHandler`` and the schedule, before the checkpoint: a run killed in
    between repeats the epoch, and the row is written again.

    Args:
        output_dir: the run's folder.
        validator: the engine that holds the validation's metrics.
        optimizer: whose learning rate is recorded.
        metric: the metric that names the best epoch; larger is better.
    """

    def __init__(
        self,
        output_dir: str | Path,
        validator: Engine,
        optimizer: torch.optim.Optimizer,
        metric: str,
    ) -> None:
        self.folder = Path(output_dir)
        self.validator = validator
        self.optimizer = optimizer
        self.metric = metric
        self.rows: list[dict[str, Any]] = []
        self.console = Console(stderr=True, highlight=False, soft_wrap=True)
        self._started = self._start_of_epoch = time.monotonic()

    def attach(self, engine: Engine) -> None:
        """Follow the trainer ``engine``; must stand after the handler that resumes it."""
        engine.add_event_handler(Events.EPOCH_STARTED, self._on_start)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self._on_epoch)
        engine.add_event_handler(Events.COMPLETED, self._on_end)

    @property
    def best_epoch(self) -> int | None:
        """The first epoch with the largest metric; None before any."""
        scored = [row for row in self.rows if not math.isnan(row.get(self.metric, math.nan))]
        return max(scored, key=lambda row: row[self.metric])["epoch"] if scored else None

    def _on_start(self, engine: Engine) -> None:
        self._start_of_epoch = time.monotonic()
        if not self.rows and engine.state.epoch > 1:
            self._take_up(engine.state.epoch)
            self._started = self._start_of_epoch

    def _take_up(self, epoch: int) -> None:
        path = self.folder / FILE
        if path.is_file():
            past = read_history(path)
            rows = past[past["epoch"] < epoch].to_dict("records")
            self.rows = [{str(name): value for name, value in row.items()} for row in rows]

    def _on_epoch(self, engine: Engine) -> None:
        self.rows.append(
            {
                "epoch": engine.state.epoch,
                **_numbers(engine.state.metrics),
                **self._validation(engine),
                "learning_rate": self.optimizer.param_groups[0]["lr"],
                "seconds": round(time.monotonic() - self._start_of_epoch, 2),
            }
        )
        if idist.get_rank() == 0:
            write_history(self.folder / FILE, self.rows)
            self.console.print(self._line(engine))

    def _validation(self, engine: Engine) -> dict[str, float]:
        """The validation's metrics; none in an epoch that was not validated."""
        validated = is_validated(self.validator, engine)
        return _numbers(self.validator.state.metrics) if validated else {}

    def _line(self, engine: Engine) -> str:
        row, last = self.rows[-1], engine.state.max_epochs
        shown = "  ".join(
            f"{name} {row[name]:.3f}"
            for name in dict.fromkeys((*_SHOWN[:2], self.metric, *_SHOWN[2:]))
            if name in row
        )
        left = (last - row["epoch"]) * row["seconds"] / 60
        return (
            f"epoch {row['epoch']}/{last}  {shown}  {row['seconds']:.1f} s, "
            f"best epoch {self.best_epoch or '-'}, at most {left:.0f} min left"
        )

    def _on_end(self, engine: Engine) -> None:
        if not self.rows:
            self._take_up(engine.state.epoch + 1)
        if idist.get_rank() == 0 and self.rows:
            write_history(self.folder / FILE, self.rows)
            history = read_history(self.folder / FILE)
            draw_curves(history, self.folder / CURVES, self.best_epoch, self._remark())

    def _remark(self) -> str:
        """What the curves say of the split; nothing where the folder records no run."""
        is_run = (self.folder / CONFIG).is_file()
        return "leaky split: too good" if is_run and recorded(self.folder).get(LEAKY) else ""


def _numbers(metrics: dict[str, Any]) -> dict[str, float]:
    return {k: float(v) for k, v in metrics.items() if isinstance(v, int | float)}
