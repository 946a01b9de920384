from __future__ import annotations

import io
import json
from pathlib import Path

import optuna
import pandas as pd
import pytest
from rich.console import Console

from pipelines.errors import InputError
from pipelines.search.plan import Plan
from pipelines.search.results import (
    best_trial,
    check_folder,
    check_trials,
    train_command,
    trials_table,
    write_results,
)
from pipelines.search.study import EPOCHS, ERROR, LOST, SECONDS, WITHDRAWN, next_task, open_study
from tests.pipelines.search.conftest import MakePlan

PRUNED, FAIL = optuna.trial.TrialState.PRUNED, optuna.trial.TrialState.FAIL


@pytest.fixture
def plan(make: MakePlan, tmp_path: Path) -> Plan:
    words = ("--image_size", "32", "--fold", "1")
    return make(*words, storage=f"journal:{tmp_path}/trials.log", trials=9)


@pytest.fixture
def study(plan: Plan) -> optuna.Study:
    """Trials of every kind."""
    study = open_study(plan)
    kinds = [(0.5, None, {}), (0.7, None, {}), (0.7, None, {}), (None, PRUNED, {})]
    kinds += [(None, FAIL, {ERROR: "Error: no room"}), (None, FAIL, {LOST: True})]
    kinds += [(None, FAIL, {WITHDRAWN: True})]
    for value, state, attributes in kinds:
        with next_task(study, plan) as task:
            assert task is not None
            for name, entry in {EPOCHS: 3, SECONDS: 90.0, **attributes}.items():
                task.trial.set_user_attr(name, entry)
            if state is PRUNED:
                task.trial.report(0.9, 1)
            study.tell(task.number, value, state=state)
    return study


def test_there_is_a_row_for_each_trial(study: optuna.Study, plan: Plan) -> None:
    write_results(study, plan)
    table = pd.read_csv(plan.folder / "trials.csv")
    states = ["complete", "complete", "complete", "pruned", "failed", "lost"]
    assert table["state"].tolist() == states and table["number"].tolist() == list(range(6))
    assert table["value"].iloc[:4].tolist() == [0.5, 0.7, 0.7, 0.9]
    assert table["folder"].iloc[0] == "trial0000" and table["error"].iloc[4] == "Error: no room"
    assert set(plan.space) <= set(table) and table["epochs"].iloc[0] in (2, 3, 4)
    assert table["epochs_run"].tolist() == [3] * 6


def test_the_first_of_the_best_complete_ones_becomes_a_variant(
    study: optuna.Study, plan: Plan
) -> None:
    write_results(study, plan)
    best = best_trial(study)
    assert best is not None and best.number == 1  # not the pruned one, whose epoch was better
    variant = json.loads((plan.folder / "best_variant.json").read_text())
    assert variant == plan.variant(best.params, "mobilenet_v2_searched")
    record = json.loads((plan.folder / "search.json").read_text())
    assert record["best"] == {"number": 1, "value": 0.7, "variant": "best_variant.json"}
    assert record["states"] == {"complete": 3, "failed": 1, "lost": 1, "pruned": 1}
    assert record["command"].startswith("med2d search breast_us_classification")


def test_before_any_is_complete_there_is_none(plan: Plan) -> None:
    plan.folder.mkdir()
    study = open_study(plan)
    assert write_results(study, plan) == [] and best_trial(study) is None
    assert not (plan.folder / "best_variant.json").exists()
    assert (plan.folder / "trials.csv").read_text().startswith("number,state,value,learning_rate")


def test_the_command_trains_the_variant_with_the_same_folds(plan: Plan) -> None:
    command = train_command(plan)
    assert command[5] == str([str(plan.files[0]), str(plan.folder / "best_variant.json")])
    assert command[6:] == ["--dataset_dir", plan.dataset_dir, "--fold", "1"]


def test_the_table_has_the_best_first(study: optuna.Study, plan: Plan) -> None:
    console = Console(width=200, file=io.StringIO())
    console.print(trials_table(write_results(study, plan), plan))
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    lines = [line for line in shown.splitlines() if "complete" in line]
    assert [line.split("│")[1].strip() for line in lines] == ["1", "2", "0"]


def test_the_table_names_components_and_the_ends_of_ids(make: MakePlan) -> None:
    choices = [
        {"_target_": f"torch.optim.{name}", "params": [], "lr": 0.1} for name in ("Adam", "SGD")
    ]
    space = {"optimizer": {"choices": choices}, "network_def::head::dropout": {"low": 0, "high": 1}}
    plan = make(space=space)
    label = plan.space["optimizer"].labels[1]  # type: ignore[union-attr]
    row = {"number": 0, "state": "running", "value": None, "epochs_run": None, "seconds": None}
    table = trials_table([{**row, "optimizer": label, "network_def::head::dropout": 0.25}], plan)
    assert [column.header for column in table.columns][3:5] == ["optimizer", "dropout"]
    assert [next(iter(column.cells)) for column in table.columns][3:5] == ["SGD", "0.25"]


def test_runs_of_a_study_that_was_removed_are_not_gone_on_with(
    study: optuna.Study, plan: Plan
) -> None:
    (plan.folder / "trial0000").mkdir()
    check_trials(study, plan)
    (plan.folder / "trial0099").mkdir()
    with pytest.raises(InputError, match="trial0099 is a run that the study"):
        check_trials(study, plan)


def test_a_folder_of_something_else_is_refused(plan: Plan, study: optuna.Study) -> None:
    from dataclasses import replace

    write_results(study, plan)
    check_folder(plan)
    with pytest.raises(InputError, match=r"has the study breast_us_.*, not other; give the"):
        check_folder(replace(plan, study="other"))
    other = plan.folder.parent / "other"
    other.mkdir()
    check_folder(replace(plan, folder=other))
    (other / "notes.txt").touch()
    with pytest.raises(InputError, match="holds other files and no search"):
        check_folder(replace(plan, folder=other))
    with pytest.raises(InputError, match="is a file"):
        check_folder(replace(plan, folder=other / "notes.txt"))
