from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import optuna
import pandas as pd
import pytest

from pipelines.errors import InputError
from pipelines.search.plan import Plan, Pruning
from pipelines.search.run import search
from pipelines.search.study import open_study, run_name
from tests.pipelines.search.conftest import MakePlan
from tests.pipelines.search.made_trials import Trials, score

Make = Callable[..., Plan]


@pytest.fixture
def plan_of(make: MakePlan, tmp_path: Path) -> Make:
    """Makes a plan whose study is in a journal, which takes no time to make."""

    def made(**given: object) -> Plan:
        return make(**{"storage": f"journal:{tmp_path}/trials.log", **given})

    return made


def states(plan: Plan) -> list[str]:
    return pd.read_csv(plan.folder / "trials.csv")["state"].tolist()


def starts(plan: Plan, number: int) -> int:
    return len((plan.folder / run_name(number) / "starts").read_text().splitlines())


def end_when(there: Callable[[], bool]) -> None:
    """Ends the search as a scheduler would, once something is there."""

    def wait() -> None:
        while not there():
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, daemon=True).start()


def test_the_trial_with_the_best_score_is_found(
    make: MakePlan, trainings: Trials, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = make()  # in a SQLite file of the folder
    result = search(plan)
    assert trainings.started == [0, 1, 2, 3] and not result.ended_by and not result.missing
    trials = open_study(plan).trials
    values = [score(trial.params, trial.params["epochs"]) for trial in trials]
    assert [trial.value for trial in trials] == values
    assert result.best is not None and result.best.value == max(values)
    assert states(plan) == ["complete"] * 4
    told = capsys.readouterr().err
    assert "trial0003: val_balanced_accuracy" in told and "; 4 of 4\n" in told
    again = search(plan)
    assert trainings.started == [0, 1, 2, 3] and again.rows == result.rows
    more = search(make(trials=5))
    assert trainings.started == [0, 1, 2, 3, 4] and len(more.rows) == 5


def test_a_bad_trial_is_given_up_by_the_median(plan_of: Make, trainings: Trials) -> None:
    plan = plan_of(trials=8, pruning=Pruning(startup=2, warmup=1))
    result = search(plan)
    found = states(plan)
    assert found[:2] == ["complete"] * 2 and "pruned" in found and result.best is not None
    pruned = [row for row in result.rows if row["state"] == "pruned"]
    assert all(row["epochs_run"] < row["epochs"] for row in pruned)
    assert all(row["value"] < result.best.value for row in pruned)  # type: ignore[operator]


def test_a_failed_trial_stops_no_other_and_counts(plan_of: Make, trainings: Trials) -> None:
    trainings.how = {1: "fail", 2: "kill"}
    plan = plan_of()
    result = search(plan)
    assert states(plan) == ["complete", "failed", "failed", "complete"]
    errors = [row["error"] for row in result.rows]
    assert errors[1] == "Error: there is no room" and "killed by signal 9" in errors[2]
    trainings.how = {}
    search(plan)
    assert trainings.started == [0, 1, 2, 3]


def test_what_always_fails_alike_ends_the_search(plan_of: Make, trainings: Trials) -> None:
    trainings.how = {-1: "fail"}
    result = search(plan_of(trials=9))
    assert trainings.started == [0, 1, 2] and result.best is None and result.missing == 6
    assert result.ended_by == "3 trials failed by the same error before their first epoch"


def test_a_trial_that_was_stopped_goes_on_and_is_counted_once(
    plan_of: Make, trainings: Trials
) -> None:
    plan = plan_of()
    trainings.how = {1: "hang"}
    end_when((plan.folder / run_name(1) / "history.csv").exists)
    with pytest.raises(KeyboardInterrupt):
        search(plan)
    assert states(plan) == ["complete", "running"]
    trainings.how = {}
    result = search(plan)
    assert trainings.started == [0, 1, 1, 2, 3] and states(plan) == ["complete"] * 4
    assert [starts(plan, number) for number in range(4)] == [1, 2, 1, 1]
    assert result.rows[1]["epochs_run"] == result.rows[1]["epochs"]


def test_equal_settings_are_trained_once(plan_of: Make, trainings: Trials) -> None:
    plan = plan_of(space={"learning_rate": {"choices": [0.1, 0.01]}}, trials=6)
    search(plan)
    assert 1 <= len(trainings.started) <= 2
    table = pd.read_csv(plan.folder / "trials.csv")
    assert len(table) == 6 and table.groupby("learning_rate")["value"].nunique().tolist() == [1] * (
        table["learning_rate"].nunique()
    )
    assert table["error"].str.contains("not trained again").sum() == 6 - len(trainings.started)


def test_what_was_pruned_is_not_trained_again(plan_of: Make, trainings: Trials) -> None:
    space = {"learning_rate": {"choices": [0.001, 0.1]}}
    plan = plan_of(space=space, trials=8, pruning=Pruning(startup=1, warmup=1))
    labels = plan.space["learning_rate"].labels  # type: ignore[union-attr]
    drawn = optuna.distributions.CategoricalDistribution(labels)
    state = optuna.trial.TrialState.PRUNED
    params, kinds = {"learning_rate": labels[1]}, {"learning_rate": drawn}
    open_study(plan).add_trial(
        optuna.trial.create_trial(state=state, params=params, distributions=kinds)
    )
    search(plan)
    table = pd.read_csv(plan.folder / "trials.csv")
    assert len(trainings.started) == 1
    assert (table["learning_rate"] == 0.1).sum() > 1
    assert ((table["learning_rate"] == 0.1) == (table["state"] == "pruned")).all()


def test_after_the_time_is_over_no_trial_begins(plan_of: Make, trainings: Trials) -> None:
    plan = plan_of(minutes=1e-9)
    result = search(plan)
    assert trainings.started == [] and result.missing == 4
    assert result.ended_by.startswith("--timeout")


def test_two_at_once_share_the_trials(plan_of: Make, trainings: Trials, tmp_path: Path) -> None:
    storage = f"sqlite:///{tmp_path}/shared.db"
    plans = [plan_of(trials=8, storage=storage, folder=tmp_path / name) for name in "ab"]
    threads = [threading.Thread(target=search, args=(plan,)) for plan in plans]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(trainings.started) == list(range(8))
    result = search(plans[0])
    assert [row["number"] for row in result.rows] == list(range(8))
    assert {row["state"] for row in result.rows} == {"complete"}
    folders = {Path(row["folder"]).parent.name for row in result.rows}
    assert folders == {"", "b"} or folders == {""}  # relative where it is the own one
    assert len(trainings.started) == 8


def test_a_folder_that_cannot_be_made_is_named(plan_of: Make, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be written"):
        search(plan_of(folder=tmp_path / "file" / "search"))
