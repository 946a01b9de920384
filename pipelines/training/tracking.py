"""One MLflow run per training: parameters, data, scores by epoch, pictures, and how it ended."""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import ignite.distributed as idist
from ignite.engine import Engine, Events

from pipelines import __version__
from pipelines.datasets.dataset import LEAKY
from pipelines.errors import InputError, first_line
from pipelines.evaluation.curves import read_history
from pipelines.training.early_stop import is_validated
from pipelines.training.git_commit import git_commit
from pipelines.training.history import FILE as HISTORY
from pipelines.training.run_folder import DIGEST, flag, recorded
from pipelines.training.run_list_view import view_path
from pipelines.training.run_record import DATASET, ITEMS, read_items, record_tags
from pipelines.training.termination import is_terminated, stop_on_terminate
from pipelines.training.tracked_dataset import log_dataset
from pipelines.training.tracked_parameters import log_parameters, run_parameters
from pipelines.training.tracked_pictures import Picture, ValidationPictures, log_pictures
from pipelines.training.tracked_results import log_metrics, log_results
from pipelines.training.tracking_runs import PARENT, RunRequest
from pipelines.training.tracking_store import tracking_uri, ui_command, without_password

_LOG = logging.getLogger("med2d")

BEST = "best"
"""Value of ``register`` that asks for the alias of that name."""

_RATE = "learning_rate"
_LONGEST_TAG = 5000
_TRAINING_PER_WAIT = 10
"""After a failed try, so many times its seconds pass before the next: it may be a long timeout."""


class _Epoch(NamedTuple):
    """What is to be sent of an epoch; its time is kept, so that twice sent is once stored."""

    number: int
    values: Mapping[str, Any]
    milliseconds: int
    pictures: list[Picture]


class Tracking:
    """Follows a training with one MLflow run; the training never depends on it.

    Where MLflow cannot be reached, one warning says so and the training goes on: the output folder
    holds everything that MLflow would. Later epochs try again, and bring what was missed; where it
    is away to the end, a second warning says how to bring it later. A crash ends the run as
    FAILED; Ctrl-C and SIGTERM as KILLED. Stands last in the trainer's list, so that the epoch's
    scores, and at the end the results, are there. Only the first process tracks.

    Args:
        output_dir: the run's folder; its ``config.json`` gives the parameters.
        experiment: MLflow experiment, by convention the bundle's name.
        validator: the engine that holds the validation's metrics.
        optimizer: whose learning rate is tracked; None for what has none.
        resume: whether to go on with the MLflow run that the folder names.
        tags: further tags, for instance the device.
        pictures: how many images of the validation fold are shown as the network learns; see
            ``ValidationPictures``.
        register: whether the model becomes a version in MLflow's registry when the training has
            ended; ``best`` to call it best, too, where a comparison supports it.

    Raises:
        InputError: ``resume`` or ``register`` are none of what they may be.
    """

    def __init__(
        self,
        output_dir: str | Path,
        experiment: str,
        validator: Engine,
        optimizer: Any,
        resume: bool | str = False,
        tags: Mapping[str, Any] | None = None,
        pictures: int = 4,
        register: bool | str = False,
    ) -> None:
        self.folder = Path(output_dir)
        self.experiment = experiment
        self.validator = validator
        self.optimizer = optimizer
        self.resume = flag(resume, "resume")
        self.tags = {k: str(v) for k, v in (tags or {}).items()}
        self.pictures = ValidationPictures(pictures)
        self.is_best_asked = str(register).strip().lower() == BEST
        self.is_registered = self.is_best_asked or flag(register, "register")
        self.client: Any = None
        self.run_id: str | None = None
        self.experiment_id: str | None = None
        self._request = RunRequest(self.folder, experiment, self.resume)
        self._is_new = True
        self._is_described = False
        self._trained_before = 0
        self._waiting: list[_Epoch] = []
        self._was_told = False
        self._not_before = 0.0

    def attach(self, engine: Engine) -> None:
        """Follow the trainer ``engine``."""
        if idist.get_rank() != 0:
            return
        self.pictures.attach(self.validator)
        engine.add_event_handler(Events.STARTED, self._on_start)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self._on_epoch)
        engine.add_event_handler(Events.COMPLETED, self._on_end)
        engine.add_event_handler(Events.EXCEPTION_RAISED, self._on_exception)

    def _safely(self, action: Callable[[], Any]) -> bool:
        """Whether an action on MLflow succeeded; the first failure is told."""
        started = time.monotonic()
        try:
            action()
        except Exception as error:  # whatever MLflow or its store raises must not stop a training
            now = time.monotonic()
            self._not_before = now + _TRAINING_PER_WAIT * (now - started)
            if not self._was_told:
                _LOG.warning(
                    f"MLflow at {without_password(tracking_uri())} cannot be reached or written "
                    f"({without_password(first_line(error))}); the training goes on without it "
                    f"and tries again after later epochs; {self.folder} holds all results"
                )
            self._was_told = True
            return False
        return True

    def _on_start(self, engine: Engine) -> None:
        stop_on_terminate()
        self._trained_before = engine.state.epoch
        done = engine.state.epoch
        self.pictures.begin((engine.state.max_epochs or 1) - done, done)
        self._safely(self._open)

    def _open(self) -> None:
        """Make or take up the MLflow run and describe it, where that has not yet succeeded."""
        if self.client is None:
            begun = self._request.begin()
            self.client, self.run_id, self.experiment_id = (
                begun.client,
                begun.run_id,
                begun.experiment_id,
            )
            self._is_new = begun.is_new
        if self._is_described:
            return
        if self._is_new:
            log_parameters(self.client, self.run_id, self._parameters())
            log_dataset(self.client, self.run_id, self.folder)
        for name, value in {**_environment_tags(), **_run_tags(self.folder), **self.tags}.items():
            self.client.set_tag(self.run_id, name, value[:_LONGEST_TAG])
        if os.environ.get(PARENT):
            self.client.set_tag(self.run_id, "mlflow.parentRunId", os.environ[PARENT])
        self._send_missed()
        self._is_described = True

    def _parameters(self) -> dict[str, str]:
        content = read_items(self.folder)[DATASET] if (self.folder / ITEMS).is_file() else None
        return run_parameters(recorded(self.folder), content)

    def _send_missed(self) -> None:
        """Send the epochs of the run's history that were trained before this start and are not
        there: a process that was killed may not have been able to."""
        path = self.folder / HISTORY
        if not self._trained_before or not path.is_file():
            return
        known = {point.step for point in self.client.get_metric_history(self.run_id, _RATE)}
        history = read_history(path)
        for row in history[history["epoch"] <= self._trained_before].to_dict("records"):
            if row["epoch"] not in known:
                values = {str(k): v for k, v in row.items() if k not in ("epoch", "seconds")}
                log_metrics(self.client, self.run_id, values, int(row["epoch"]))

    def _on_epoch(self, engine: Engine) -> None:
        validated = is_validated(self.validator, engine)
        rates = [group["lr"] for group in self.optimizer.param_groups] if self.optimizer else []
        values = {
            **engine.state.metrics,
            **(self.validator.state.metrics if validated else {}),
            **({_RATE: rates[0]} if rates else {}),
        }
        pictures, self.pictures.taken = self.pictures.taken, []
        now = int(time.time() * 1000)
        self._waiting.append(_Epoch(engine.state.epoch, values, now, pictures))
        if time.monotonic() >= self._not_before:
            self._safely(self._send)

    def _send(self) -> None:
        """Send the scores of this epoch, and of those before that could not be sent."""
        self._open()
        while self._waiting:
            epoch = self._waiting[0]
            log_metrics(self.client, self.run_id, epoch.values, epoch.number, epoch.milliseconds)
            log_pictures(self.client, self.run_id, epoch.pictures, epoch.number)
            del self._waiting[0]

    def _on_end(self, engine: Engine) -> None:
        if self._safely(self._close):
            print(f"mlflow       {ui_command()}")
            print(f"             its list of runs: {view_path(str(self.experiment_id))}")
            if self.is_registered:
                self._register()
        else:
            _LOG.warning(
                f"MLflow has not got all of this run: give the command that started it with "
                f"--resume true once {without_password(tracking_uri())} answers; it trains "
                f"nothing again. Until then {self.folder} alone holds all results"
            )

    def _close(self) -> None:
        self._send()
        try:
            log_results(self.client, self.run_id, self.folder)
        finally:
            self.client.set_terminated(self.run_id, "FINISHED")

    def _register(self) -> None:
        """Make the model a version; a run that ended well is not spoilt where that fails."""
        from pipelines.deployment.model_registry import register, tracked_folder

        try:
            with tracked_folder(str(self.folder)) as tracked:
                done = register(tracked, self.is_best_asked)
        except Exception as error:  # the training has ended well, and its run says so
            told = str(error) if isinstance(error, InputError) else first_line(error)
            _LOG.warning(f"the model is not registered ({told}); med2d register tries again")
            return
        print("\n".join(done.lines()))

    def _on_exception(self, engine: Engine, error: BaseException) -> None:
        if self.client is not None:
            is_killed = not isinstance(error, Exception) or is_terminated(error)
            status = "KILLED" if is_killed else "FAILED"
            self._safely(lambda: self._break_off(status))
        raise error

    def _break_off(self, status: str) -> None:
        self.client.set_terminated(self.run_id, status)
        self._send()


def _environment_tags() -> dict[str, str]:
    import monai
    import torch

    tags = {
        "version.med2d": __version__,
        "version.monai": monai.__version__,
        "version.torch": torch.__version__,
        "version.python": sys.version.split()[0],
    }
    commit = git_commit()
    return {**tags, "mlflow.source.git.commit": commit} if commit else tags


def _run_tags(folder: Path) -> dict[str, str]:
    metadata = json.loads((folder / "configs" / "metadata.json").read_text(encoding="utf-8"))
    config = recorded(folder)
    tags = {"dataset": config[DIGEST], "version.bundle": metadata["version"], **record_tags(folder)}
    return {**tags, LEAKY: "true"} if config.get(LEAKY) else tags
