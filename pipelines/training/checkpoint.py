"""Keep the best model and the last full state of a training, and go on from the latter."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import ignite.distributed as idist
import torch
from ignite.engine import Engine, Events
from ignite.handlers import Checkpoint
from ignite.handlers.checkpoint import BaseSaveHandler
from torch.optim.lr_scheduler import OneCycleLR

from pipelines.atomic import replacing
from pipelines.errors import InputError, first_line
from pipelines.training.accumulated_step import AccumulatedStep
from pipelines.training.early_stop import EarlyStop, metric_or_worst
from pipelines.training.finite_answers import kept
from pipelines.training.run_folder import CHECKPOINT, MODEL, flag
from pipelines.training.schedule import check_cycle
from pipelines.training.weight_average import WeightAverage
from pipelines.training.weights import UNREADABLE

_LOG = logging.getLogger("med2d")
_SCALER = "scaler"


class ReplacingSaver(BaseSaveHandler):
    """An atomic saver for files that keep their name; the first process writes.

    Ignite's ``DiskSaver`` removes the old file before it writes the new one of the same name: a run
    that is killed between the two would lose both. Here the new one takes the old one's place.

    Args:
        folder: where the files go; it must exist when the first is saved.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)

    def __call__(self, checkpoint: Mapping, filename: str, metadata: Mapping | None = None) -> None:
        """Write a checkpoint beside its place and move it there."""
        if idist.get_rank() == 0:
            with replacing(self.folder / filename) as part:
                torch.save(checkpoint, part)

    def remove(self, filename: str) -> None:
        """Leave the file; the next save replaces it."""


class RunCheckpoint:
    """Saves ``model.pt`` (best epoch) and ``checkpoint.pt`` (last full state); resumes from it.

    Both are written beside and renamed into place, by the first process only. Stands last but for
    reporting in the trainer's list: after validation, schedule and early stop, whose new states
    it saves.

    Args:
        output_dir: the run's folder.
        network: the network; of a ``DistributedDataParallel`` the inner one is saved.
        optimizer: the optimiser.
        scheduler: the learning-rate schedule.
        early_stop: the early stop, or None.
        average: the moving average of the weights, whose network becomes ``model.pt``; None to
            keep the trained one.
        validator: the engine whose metric names the best epoch.
        metric: name of that metric; larger is better.
        resume: whether to go on from ``checkpoint.pt`` where there is one.
        step: the trainer's step, whose scale of the loss is kept where float16 needs one.

    Raises:
        InputError: a one-cycle schedule is to go on longer than it was made for.
    """

    def __init__(
        self,
        output_dir: str | Path,
        network: torch.nn.Module,
        optimizer: torch.optim.Optimizer,
        scheduler: Any,
        validator: Engine,
        metric: str,
        early_stop: EarlyStop | None = None,
        average: WeightAverage | None = None,
        resume: bool | str = False,
        step: AccumulatedStep | None = None,
    ) -> None:
        self.path = Path(output_dir) / CHECKPOINT
        self.resume = flag(resume, "resume")
        self.early_stop = early_stop
        saver = ReplacingSaver(output_dir)
        self.best = Checkpoint(
            {"network": network if average is None else average.network},
            saver,
            filename_pattern=MODEL,
            score_function=lambda _: metric_or_worst(validator, metric),
            score_name=metric,
        )
        self.parts: dict[str, Any] = {
            "network": network,
            "optimizer": optimizer,
            "scheduler": scheduler,
            "best": self.best,
        }
        if early_stop is not None:
            self.parts["early_stop"] = early_stop
        if average is not None:
            self.parts["average"] = average
        if step is not None and step.scaler.is_enabled():
            self.parts[_SCALER] = step.scaler
        self.saver = saver
        if self.resume and self.path.is_file() and isinstance(scheduler, OneCycleLR):
            check_cycle(scheduler, _read(self.path), output_dir)  # before the run is recorded anew

    def attach(self, engine: Engine) -> None:
        """Resume when the trainer ``engine`` starts, save after each of its epochs."""
        engine.add_event_handler(Events.STARTED, self._resume)
        last = Checkpoint(
            {**self.parts, "trainer": engine}, self.saver, filename_pattern=CHECKPOINT
        )
        engine.add_event_handler(Events.EPOCH_COMPLETED, self._check_weights)
        # The best model first: a run killed in between repeats the epoch and saves the same again.
        engine.add_event_handler(Events.EPOCH_COMPLETED, self.best)
        engine.add_event_handler(Events.EPOCH_COMPLETED, last)

    def _check_weights(self, engine: Engine) -> None:
        """Stop before weights that are NaN take the place of good ones."""
        networks = {id(one): one for one in (self.parts["network"], self.best.to_save["network"])}
        state = [pair for one in networks.values() for pair in one.state_dict().items()]
        wrong = [name for name, tensor in state if not torch.isfinite(tensor).all()]
        if wrong:
            raise InputError(
                f"after epoch {engine.state.epoch} the weights are NaN or infinite in {len(wrong)} "
                f"of {len(state)} tensors (first: {wrong[0]}); lower learning_rate "
                f"({kept(engine.state.epoch)})"
            )

    def _resume(self, engine: Engine) -> None:
        if not self.resume or not self.path.is_file():
            return
        state = _read(self.path)
        wanted = engine.state.max_epochs
        parts = {**self.parts, "trainer": engine}
        try:
            if _SCALER not in state:  # what was cut was trained in another precision
                parts.pop(_SCALER, None)
            Checkpoint.load_objects(parts, state)
        except (AttributeError, LookupError, TypeError, ValueError, RuntimeError) as error:
            raise InputError(
                f"{self.path} does not fit this configuration ({first_line(error)}); give the "
                "command that started the run, or start anew by --overwrite true"
            ) from error
        engine.state.max_epochs = wanted
        _LOG.info(f"resumed after epoch {engine.state.epoch} from {self.path}")
        if self.early_stop is not None and self.early_stop.stopped:
            engine.terminate()


def _read(path: Path) -> dict[str, Any]:
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except UNREADABLE as error:
        raise InputError(
            f"{path} cannot be read ({first_line(error)}); start anew by --overwrite true"
        ) from error
