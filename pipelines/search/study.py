"""The study of a search: which trials it has, and which one is next.

Several processes and machines may work on one study. A trial's number is given by the storage,
once; of those that are asked for at the same moment only the first ``--trials`` count. Who trains a
trial holds a file; whoever finds it free takes the trial up where it was stopped.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.errors import InputError
from pipelines.search.plan import Plan
from pipelines.search.storage import open_storage, optuna_or_refuse, without_password
from pipelines.series.held_file import HeldError, held
from pipelines.series.overrides import MAY_CHANGE

if TYPE_CHECKING:
    from optuna import Study, Trial
    from optuna.trial import FrozenTrial

ORIGIN = "med2d_search"
"""Attribute of a study: what its trials have in common."""
FOLDER, HOST, SEEN = "folder", "host", "seen"
"""Attributes of a trial: where it is trained, on which machine, and when that was last alive."""
EPOCHS, SECONDS, ERROR, SAME = "epochs_run", "seconds", "error", "same_as"
"""Attributes of a trial: what it took, why it failed, and which other had the same settings."""
LOST, WITHDRAWN = "lost", "withdrawn"
"""Attributes of a trial that does not count: its machine is gone, or there were enough."""

GRACE = 600.0
"""Seconds without a sign of life after which another machine's trial is given up."""
LOCKS = "locks"
"""Folder of the files that are held, in that of the search."""

_NAMES = {
    "bundle": "bundle",
    "variants": "--variant",
    "dataset_digest": "dataset or its folds",
    "metric": "score",
    "seed": "--seed",
    "space": "space",
}


@dataclass
class Task:
    """A trial that this process is to train.

    Attributes:
        trial: of Optuna.
        number: of the trial.
        drawn: values by name.
        folder: of the run.
        lock: file descriptor of what is held.
        told: epochs whose score the study has already.
        seconds: that were spent on it before.
    """

    trial: Trial
    number: int
    drawn: dict[str, Any]
    folder: Path
    lock: int
    told: set[int] = field(default_factory=set)
    seconds: float = 0.0


def open_study(plan: Plan) -> Study:
    """Opens the study of a plan, and makes it where it is missing.

    Raises:
        InputError: the storage cannot be opened, or the study is of something else.
    """
    optuna = optuna_or_refuse()
    study = optuna.create_study(
        storage=open_storage(plan.storage),
        study_name=plan.study,
        direction="maximize",
        load_if_exists=True,
    )
    if ORIGIN not in study.user_attrs and not study.get_trials(deepcopy=False):
        study.set_user_attr(ORIGIN, plan.origin)
    _check_origin(study.user_attrs.get(ORIGIN), plan)
    set_pruner(study, plan)
    return study


def set_pruner(study: Study, plan: Plan) -> None:
    """Gives a study the pruner that a plan wants.

    Optuna waits for a number of complete trials; copies of others are complete, too, but were never
    trained, and do not count.
    """
    from optuna.trial import TrialState

    pruners, rules = optuna_or_refuse().pruners, plan.pruning
    complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    copies = sum(SAME in trial.user_attrs for trial in complete)
    study.pruner = (
        pruners.MedianPruner(rules.startup + copies, rules.warmup)
        if rules.enabled
        else pruners.NopPruner()
    )


def _check_origin(before: dict[str, Any] | None, plan: Plan) -> None:
    """Refuses to go on with the study of another search."""
    place = f"the study {plan.study} in {without_password(plan.storage)}"
    advice = "give the command of before, or choose another --study, and another folder by -o"
    if before is None:
        raise InputError(f"{place} was not made by med2d search; choose another --study")
    now = plan.origin
    for key, name in _NAMES.items():
        if before.get(key) != now[key]:
            short = key in ("bundle", "variants", "metric", "seed")
            told = f" ({before.get(key)}, now {now[key]})" if short else ""
            raise InputError(f"{place} was started with another {name}{told}; {advice}")
    given, wanted = before.get("overrides", {}), now["overrides"]
    for name in sorted({*given, *wanted} - set(MAY_CHANGE)):
        if given.get(name) != wanted.get(name) or (name in given) != (name in wanted):
            words = [
                f"--{name} {o[name]}" if name in o else f"no --{name}" for o in (given, wanted)
            ]
            raise InputError(f"{place} was started with {words[0]}, now with {words[1]}; {advice}")
    if before.get("configuration") != now["configuration"]:
        raise InputError(
            f"{place} was started with other configuration files: those of the bundle or of a "
            f"variant have changed since; undo that, or choose another --study, and another folder "
            "by -o"
        )


def counted(trials: Iterable[FrozenTrial]) -> list[FrozenTrial]:
    """Gives the trials that count: all but those that were lost or withdrawn."""
    return [t for t in trials if not {LOST, WITHDRAWN} & set(t.user_attrs)]


def run_name(number: int) -> str:
    """Gives the name of a trial's run.

    Examples:
        >>> run_name(7)
        'trial0007'
    """
    return f"trial{number:04d}"


@contextmanager
def next_task(study: Study, plan: Plan) -> Iterator[Task | None]:
    """Yields the trial that is next: one that was stopped, else a new one; None where none is.

    The trial is held until the block ends.

    Args:
        study: see ``open_study``.
        plan: the search.
    """
    for frozen in _running(study):
        folder = _stopped_in(study, frozen, plan)
        if folder is None:
            continue
        with suppress(HeldError), _holding(folder) as lock:
            again = study.trials[frozen.number]
            if not again.state.is_finished():  # it ended while its file was waited for
                yield _taken_up(study, again, folder, lock)
                return
    trial = _drawn(study, plan)
    if trial is None:
        yield None
        return
    folder = plan.folder.absolute() / run_name(trial.number)
    with _holding(folder) as lock:
        for name, value in ((FOLDER, str(folder)), (HOST, socket.gethostname())):
            trial.set_user_attr(name, value)
        alive(trial)
        yield Task(trial, trial.number, trial.params, folder, lock)


def alive(trial: Trial) -> None:
    """Notes that the machine that trains a trial is alive."""
    trial.set_user_attr(SEEN, time.time())


def running_elsewhere(study: Study) -> int:
    """Counts the trials that other processes are training, or have left."""
    return len(_running(study))


def _running(study: Study) -> list[FrozenTrial]:
    from optuna.trial import TrialState

    return study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))


def _stopped_in(study: Study, frozen: FrozenTrial, plan: Plan) -> Path | None:
    """Gives the folder of a trial that nobody seems to train, to be held for certainty."""
    attributes = frozen.user_attrs
    start = frozen.datetime_start.timestamp() if frozen.datetime_start else 0.0
    silent = time.time() - attributes.get(SEEN, start)
    is_here = attributes.get(HOST) == socket.gethostname()
    if not is_here and silent < GRACE:
        return None
    named = [Path(attributes[FOLDER])] if FOLDER in attributes else []  # else it was just drawn
    for folder in (*named, plan.folder.absolute() / run_name(frozen.number)):
        if (folder.parent / LOCKS / folder.name).is_file():
            return folder
    if silent >= GRACE:  # containers may share a name, so it is no proof that this one is dead
        _lose(study, frozen)
    return None


def _lose(study: Study, frozen: FrozenTrial) -> None:
    """Gives up a trial whose folder cannot be reached; another one takes its place."""
    optuna = optuna_or_refuse()
    with suppress(optuna.exceptions.UpdateFinishedTrialError):
        optuna.Trial(study, frozen._trial_id).set_user_attr(LOST, True)
    study.tell(frozen.number, state=optuna.trial.TrialState.FAIL, skip_if_finished=True)


def _taken_up(study: Study, frozen: FrozenTrial, folder: Path, lock: int) -> Task:
    trial = optuna_or_refuse().Trial(study, frozen._trial_id)
    for name, value in ((FOLDER, str(folder)), (HOST, socket.gethostname())):
        trial.set_user_attr(name, value)
    alive(trial)
    seconds = float(frozen.user_attrs.get(SECONDS, 0.0))
    told = set(frozen.intermediate_values)
    return Task(trial, frozen.number, frozen.params, folder, lock, told, seconds)


def _drawn(study: Study, plan: Plan) -> Trial | None:
    """Draws a new trial; None where there are as many as were asked for."""
    optuna = optuna_or_refuse()
    if len(counted(study.get_trials(deepcopy=False))) >= plan.trials:
        return None
    trial = study.ask()
    earlier = [t for t in study.get_trials(deepcopy=False) if t.number < trial.number]
    if len(counted(earlier)) >= plan.trials:  # others asked at the same moment
        trial.set_user_attr(WITHDRAWN, True)
        study.tell(trial, state=optuna.trial.TrialState.FAIL)
        return None
    # By number, so that neither a stop nor a second process makes any draw come twice.
    study.sampler = optuna.samplers.TPESampler(seed=_seed(plan.seed, trial.number))
    for name in sorted(plan.space):
        plan.space[name].draw(trial, name)
    return trial


def _seed(seed: int, number: int) -> int:
    return int(np.random.SeedSequence((seed, number)).generate_state(1)[0])


@contextmanager
def _holding(folder: Path) -> Iterator[int]:
    path = folder.parent / LOCKS / folder.name
    path.parent.mkdir(parents=True, exist_ok=True)
    with held(path) as lock:
        yield lock
