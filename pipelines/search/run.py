"""A search from its plan to its best trial."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.errors import InputError, first_line
from pipelines.search.plan import Plan
from pipelines.search.results import (
    BEST,
    RECORD,
    TRIALS,
    best_trial,
    check_folder,
    check_trials,
    write_results,
)
from pipelines.search.search_run import SearchRun
from pipelines.search.storage import optuna_or_refuse, without_password
from pipelines.search.study import (
    EPOCHS,
    ERROR,
    SAME,
    SECONDS,
    Task,
    counted,
    next_task,
    open_study,
    run_name,
    running_elsewhere,
    set_pruner,
)
from pipelines.search.trial_run import (
    COMPLETE,
    FAILED,
    LOGS,
    PRUNED,
    STOPPED,
    Outcome,
    run_trial,
)
from pipelines.series.following import Bars, Lines, following
from pipelines.series.trainings import interrupted_by_terminate

if TYPE_CHECKING:
    from optuna import Study
    from optuna.trial import FrozenTrial

_ALIKE = 3
"""So many trials that fail one after the other by one error, before their first epoch, end it."""


@dataclass(frozen=True)
class Result:
    """What a search came to.

    Attributes:
        rows: of trials.csv.
        best: the best trial; None before any is complete.
        elsewhere: trials that other processes are training, or that were stopped.
        missing: trials that are still to be drawn.
        ended_by: why it ended before that; "" where it did not.
    """

    rows: list[dict[str, Any]]
    best: FrozenTrial | None
    elsewhere: int
    missing: int
    ended_by: str


def search(plan: Plan) -> Result:
    """Trains trials until the study has as many as were asked for.

    Ctrl-C, SIGTERM and a kill leave the study so that the same plan goes on with it.

    Args:
        plan: the search.

    Raises:
        InputError: the folder, the storage or the study cannot be used.
        KeyboardInterrupt: by Ctrl-C or SIGTERM.
    """
    optuna = optuna_or_refuse()
    check_folder(plan)
    if plan.has_own_storage:
        _make_folder(plan)
    try:
        study = open_study(plan)
        _make_folder(plan)
        check_trials(study, plan)
        write_results(study, plan)
        with interrupted_by_terminate():
            return _search(plan, study)
    except optuna.exceptions.StorageInternalError as error:
        cause = error.__cause__ or error
        raise InputError(
            f"the storage {without_password(plan.storage)} cannot be read or written "
            f"({first_line(cause)}); the same command goes on with the study"
        ) from None


def _make_folder(plan: Plan) -> None:
    try:
        plan.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"{plan.folder} cannot be written ({error.strerror or error}); choose another by -o"
        ) from None


def _search(plan: Plan, study: Study) -> Result:
    """Runs the trials, below one run of MLflow."""
    parent = SearchRun(plan, study)
    variables = parent.begin()
    try:
        ended_by = _Loop(plan, study, parent, variables).run()
        rows = write_results(study, plan)
        best = best_trial(study)
        files = [TRIALS, RECORD, *([BEST] if best else [])]
        parent.log_results(rows, files)
    except KeyboardInterrupt:
        write_results(study, plan)
        parent.end("KILLED")
        raise
    except BaseException:
        parent.end("FAILED")
        raise
    elsewhere = running_elsewhere(study)
    if ended_by:
        parent.end("KILLED" if best else "FAILED")
    elif not elsewhere:  # else the last process ends it
        parent.end("FINISHED" if best else "FAILED")
    missing = max(0, plan.trials - len(counted(study.get_trials(deepcopy=False))))
    return Result(rows, best, elsewhere, missing, ended_by)


class _Loop:
    """Runs one trial after the other, and tells the study and a person of each."""

    def __init__(
        self, plan: Plan, study: Study, parent: SearchRun, variables: dict[str, str]
    ) -> None:
        self.plan = plan
        self.study = study
        self.parent = parent
        self.variables = variables
        self.end = time.monotonic() + 60 * plan.minutes
        self.errors: deque[str] = deque(maxlen=_ALIKE)

    def run(self) -> str:
        """Runs them; says why it ended before all had, else ""."""
        left = self.plan.trials - len(self._finished())
        with following(max(0, left), 1, None) as listener:
            while True:
                if time.monotonic() > self.end:
                    return f"--timeout {self.plan.minutes:g} is over"
                with next_task(self.study, self.plan) as task:
                    if task is None:
                        return ""
                    ended_by = self._one(task, listener)
                write_results(self.study, self.plan)
                if ended_by:
                    return ended_by

    def _finished(self) -> list[FrozenTrial]:
        trials = counted(self.study.get_trials(deepcopy=False))
        return [trial for trial in trials if trial.state.is_finished()]

    def _one(self, task: Task, listener: Lines | Bars) -> str:
        """Runs one trial; says why no further one is to follow, else ""."""
        same = self._same(task)
        if same is not None:
            state = COMPLETE if same.state.name == "COMPLETE" else PRUNED
            self._tell(task, Outcome(state, same.value, 0, 0.0), same.number)
            name = run_name(task.number)
            listener.say(f"{name}: has the settings of trial {same.number}; not trained again")
            return ""
        set_pruner(self.study, self.plan)
        training, outcome = run_trial(self.plan, task, listener, self.variables, self.end)
        self._tell(task, outcome)
        self.parent.log_trial(task, outcome)
        listener.clock.seconds.append(outcome.seconds)
        listener.finish(training, self._line(task, outcome, listener))
        if outcome.state == STOPPED:
            over = time.monotonic() > self.end
            return f"--timeout {self.plan.minutes:g} is over" if over else "a training was ended"
        return self._fails_alike(outcome)

    def _same(self, task: Task) -> FrozenTrial | None:
        """Gives a trial with the same settings that was complete, or given up as a bad one.

        One that failed is no such: the next training may find the memory that it lacked.
        """
        if task.told:
            return None
        ended = [t for t in self._finished() if t.state.name in ("COMPLETE", "PRUNED")]
        return next((t for t in ended if t.params == task.drawn), None)

    def _tell(self, task: Task, outcome: Outcome, same: int | None = None) -> None:
        """Tells the study what came of a trial; one that was stopped stays as it is."""
        from optuna.trial import TrialState

        attributes: dict[str, Any] = {EPOCHS: outcome.epochs, SECONDS: outcome.seconds}
        attributes |= {ERROR: outcome.error} if outcome.error else {}
        attributes |= {} if same is None else {SAME: same}
        for name, value in attributes.items():
            task.trial.set_user_attr(name, value)
        if outcome.state == COMPLETE:
            self.study.tell(task.number, outcome.value, skip_if_finished=True)
        elif outcome.state in (PRUNED, FAILED):
            state = TrialState.PRUNED if outcome.state == PRUNED else TrialState.FAIL
            self.study.tell(task.number, state=state, skip_if_finished=True)

    def _line(self, task: Task, outcome: Outcome, listener: Lines | Bars) -> str:
        """Says how a trial ended, which is the best, how many have ended, and the time left."""
        name = run_name(task.number)
        if outcome.state == FAILED:
            log = self.plan.folder / LOGS / f"{name}.log"
            told = f"{name}: FAILED: {outcome.error} (log {log})"
        else:
            told = f"{name}: {self._score(outcome)}"
        best, ended = best_trial(self.study), len(self._finished())
        if best is not None:
            told += f"; best {best.value:.4f} (trial {best.number})"
        listener.clock.total = len(listener.clock.seconds) + max(0, self.plan.trials - ended)
        return f"{told}; {ended} of {self.plan.trials}{listener.clock.left()}"

    def _score(self, outcome: Outcome) -> str:
        value = "no score" if outcome.value is None else f"{outcome.value:.4f}"
        minutes = outcome.seconds / 60
        took = f"{minutes:.1f} min" if minutes >= 1 else f"{outcome.seconds:.0f} s"
        epochs = f"{outcome.epochs} epoch{'' if outcome.epochs == 1 else 's'}"
        state = "" if outcome.state == COMPLETE else f"{outcome.state}, "
        return f"{state}{self.plan.metric} {value}, {epochs} in {took}"

    def _fails_alike(self, outcome: Outcome) -> str:
        alike = outcome.state == FAILED and not outcome.epochs
        self.errors.append(outcome.error if alike else "")
        if len(self.errors) == _ALIKE and len(set(self.errors)) == 1 and self.errors[0]:
            return f"{_ALIKE} trials failed by the same error before their first epoch"
        return ""
