"""One trial: a training in a process of its own, which tells its score epoch by epoch."""

from __future__ import annotations

import json
import math
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipelines.atomic import write_text
from pipelines.evaluation.curves import read_history
from pipelines.search.plan import Plan
from pipelines.search.space_check import scorer_place
from pipelines.search.study import SECONDS, Task, alive
from pipelines.search.trial_report import CHANNEL, GO, STOP, Channel, TrialReport
from pipelines.series.following import Bars, Lines
from pipelines.series.overrides import merged_config
from pipelines.series.recipe import recipe_command
from pipelines.series.trainings import Ended, Training, run_trainings
from pipelines.training.history import FILE as HISTORY
from pipelines.training.run_folder import CONFIG

COMPLETE, PRUNED, FAILED, STOPPED = "complete", "pruned", "failed", "stopped"
"""How a trial has ended; what was stopped goes on later."""
CONFIGS, LOGS = "configs", "logs"
"""Folders of the trials' variants and of what the trainings said, in that of the search."""

_BEAT = 60.0  # seconds between two signs of life
_TERMINATED = (-signal.SIGTERM, 128 + signal.SIGTERM)


@dataclass(frozen=True)
class Outcome:
    """What came of a trial.

    Attributes:
        state: ``complete``, ``pruned``, ``failed`` or ``stopped``.
        value: the best score; None where there is none.
        epochs: that were trained.
        seconds: that they took, also before a stop.
        error: why it failed.
    """

    state: str
    value: float | None
    epochs: int
    seconds: float
    error: str = ""


def run_trial(
    plan: Plan,
    task: Task,
    listener: Lines | Bars,
    variables: Mapping[str, str],
    end: float = math.inf,
) -> tuple[Training, Outcome]:
    """Trains a trial, or goes on with it.

    Args:
        plan: the search.
        task: the trial.
        listener: tells a person of it.
        variables: further ones of the environment.
        end: time of the monotonic clock after which no further epoch is begun.

    Returns:
        The training and what came of it.

    Raises:
        KeyboardInterrupt: by Ctrl-C or SIGTERM; the trial can be gone on with.
    """
    config = write_configs(plan, task)
    epochs = config.get("epochs")
    listener.epochs = epochs if isinstance(epochs, int) else None
    watch = _Watch(task, listener, listener.epochs or 0, end)
    name = task.folder.name
    training = Training(name, _command(plan, task), task.folder, plan.folder / LOGS / f"{name}.log")
    environment = {**variables, CHANNEL: str(watch.channel.number)}
    try:
        kept = [task.lock, watch.channel.number]
        (ended,) = run_trainings([training], 1, watch, environment, kept)
    finally:
        watch.channel.close()
    return training, outcome_of(ended, plan.metric, watch.decision, task.seconds)


def write_configs(plan: Plan, task: Task) -> dict[str, Any]:
    """Writes the configuration files of a trial: its variant, and what makes it a trial.

    Returns:
        The configuration of the training, but for the latter.
    """
    variant, hooks = _files(plan, task)
    variant.parent.mkdir(parents=True, exist_ok=True)
    write_json(variant, plan.variant(task.drawn, task.folder.name))
    config = merged_config([plan.files[0], variant], plan.overrides.values)
    report = f"{TrialReport.__module__}.{TrialReport.__name__}"
    handler = {"_target_": report, "validator": "@validate::evaluator", "metric": plan.metric}
    write_json(
        hooks,
        {  # the held-out fold stays unseen
            f"train::handlers::{scorer_place(config)}::_disabled_": True,
            "+train::handlers": [handler],
        },
    )
    return config


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Writes a JSON file, whole or not at all."""
    write_text(path, json.dumps(content, indent=4, ensure_ascii=False) + "\n")


def outcome_of(ended: Ended, metric: str, decision: str, before: float) -> Outcome:
    """Tells what came of a trial, by its process and its history.

    Args:
        ended: its training.
        metric: name of the score.
        decision: of the search: ``pruned``, ``stopped`` or "".
        before: seconds that were spent on it before.
    """
    scores, epochs = _history(ended.training.folder / HISTORY, metric)
    best = max(scores, default=None)
    seconds = round(before + ended.seconds, 1)
    if ended.code in _TERMINATED:
        return Outcome(STOPPED, best, epochs, seconds)
    if ended.code < 0:
        memory = ", as the system does where memory runs out" if ended.code == -9 else ""
        error = f"killed by signal {-ended.code}{memory}"
        return Outcome(FAILED, None, epochs, seconds, error)
    if ended.code:
        return Outcome(FAILED, None, epochs, seconds, ended.error)
    if decision:
        return Outcome(decision, best, epochs, seconds)
    if best is None:
        return Outcome(FAILED, None, epochs, seconds, f"no epoch has a {metric} that is a number")
    return Outcome(COMPLETE, best, epochs, seconds)


class _Watch:
    """Answers the training, tells the study of it, and passes on what happens to a listener."""

    def __init__(self, task: Task, listener: Lines | Bars, epochs: int, end: float) -> None:
        self.task = task
        self.listener = listener
        self.epochs = epochs
        self.end = end
        self.decision = ""
        self.channel = Channel(self._answer)
        self._started = time.monotonic()
        self._due = self._started + _BEAT

    def started(self, training: Training) -> None:
        self.channel.handed_over()
        self.listener.started(training)

    def running(self, trainings: Sequence[Training]) -> None:
        self.channel.serve()
        if time.monotonic() > self._due:
            self._due = time.monotonic() + _BEAT
            alive(self.task.trial)
            spent = self.task.seconds + time.monotonic() - self._started
            self.task.trial.set_user_attr(SECONDS, round(spent, 1))
        self.listener.running(trainings)

    def ended(self, ended: Ended) -> None:
        """The search tells of the end, when it knows what came of it."""

    def given_up(self, trainings: Sequence[Training]) -> None:
        """There is no other training."""

    def _answer(self, epoch: int, score: float) -> str:
        if epoch not in self.task.told:
            self.task.told.add(epoch)
            self.task.trial.report(score, epoch)
        if self.epochs and epoch >= self.epochs:
            return GO
        if self.task.trial.should_prune():
            self.decision = PRUNED
        elif time.monotonic() > self.end:
            self.decision = STOPPED
        return STOP if self.decision else GO


def _files(plan: Plan, task: Task) -> tuple[Path, Path]:
    folder, name = plan.folder / CONFIGS, task.folder.name
    return folder / f"{name}.json", folder / f"{name}-search.json"


def _command(plan: Plan, task: Task) -> list[str]:
    options: dict[str, Any] = {"seed": plan.seed, "output_dir": task.folder}
    if (task.folder / CONFIG).is_file():
        options["resume"] = "true"
    return recipe_command(replace(plan, files=plan.files[:1]), options, _files(plan, task))


def _history(path: Path, metric: str) -> tuple[list[float], int]:
    """Gives the scores of the epochs, and how many epochs were trained."""
    if not path.is_file():
        return [], 0
    history = read_history(path)
    scores = history[metric].dropna().tolist() if metric in history else []
    return scores, int(history["epoch"].iloc[-1])
