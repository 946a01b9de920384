from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from monai.bundle import ConfigParser

from pipelines.search import trial_run
from pipelines.search.plan import Plan
from pipelines.search.study import Task, next_task, open_study
from pipelines.search.trial_run import Outcome, outcome_of, run_trial, write_configs
from pipelines.series.following import Clock, Lines
from pipelines.series.trainings import Ended, Training
from tests.pipelines.search.conftest import MakePlan
from tests.pipelines.search.made_trials import Trials, score

METRIC = "val_balanced_accuracy"


@pytest.fixture
def plan(make: MakePlan, tmp_path: Path) -> Plan:
    return make(storage=f"journal:{tmp_path}/trials.log", space={"learning_rate": RATES})


RATES = {"low": 1e-5, "high": 0.1, "log": True}


@pytest.fixture
def task(plan: Plan) -> Iterator[Task]:
    with next_task(open_study(plan), plan) as task:
        assert task is not None
        yield task


def test_the_files_of_a_trial_leave_the_held_out_fold_alone(plan: Plan, task: Task) -> None:
    config = write_configs(plan, task)
    assert config["learning_rate"] == task.drawn["learning_rate"] and config["name"] == "trial0000"
    command = trial_run._command(plan, task)
    files = command[command.index("--config_file") + 1]
    parser = ConfigParser()
    parser.read_config(files.strip("[]").replace("'", "").split(", "))
    handlers = parser.get("train")["handlers"]
    (scorer,) = [each for each in handlers if each.get("handler") == "@scorer"]
    assert scorer["_disabled_"] is True
    assert handlers[-1]["_target_"] == "pipelines.search.trial_report.TrialReport"
    assert handlers[-1]["metric"] == plan.metric
    assert sum(each["_target_"].endswith("TrialReport") for each in handlers) == 1
    assert "--resume" not in command and "--seed" in command
    task.folder.mkdir()
    (task.folder / "config.json").touch()
    assert trial_run._command(plan, task)[-2:] == ["--resume", "true"]


def test_a_trial_tells_its_scores_and_gives_the_best(
    plan: Plan, task: Task, trainings: Trials
) -> None:
    _, outcome = run_trial(plan, task, Lines(Clock(1, 1), None), {})
    expected = {epoch: score(task.drawn, epoch) for epoch in (1, 2, 3)}
    assert (outcome.state, outcome.value, outcome.epochs) == ("complete", expected[3], 3)
    assert open_study(plan).trials[0].intermediate_values == expected


def test_a_trial_whose_time_is_over_stops_and_goes_on_later(
    plan: Plan, task: Task, trainings: Trials, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = Lines(Clock(1, 1), None)
    monkeypatch.setattr(trial_run, "merged_config", lambda *_: {"epochs": 3, "train": {}})
    _, outcome = run_trial(plan, task, lines, {}, end=time.monotonic())
    assert (outcome.state, outcome.epochs) == ("stopped", 1)
    _, outcome = run_trial(plan, task, lines, {})
    assert (outcome.state, outcome.epochs) == ("complete", 3)
    assert len((task.folder / "starts").read_text().splitlines()) == 2


@pytest.mark.parametrize(
    ("code", "decision", "state", "value", "error"),
    [
        (0, "", "complete", 0.6, ""),
        (0, "pruned", "pruned", 0.6, ""),
        (1, "", "failed", None, "Error: no room"),
        (-9, "", "failed", None, "killed by signal 9, as the system does where memory runs out"),
        (-11, "", "failed", None, "killed by signal 11"),
        (143, "", "stopped", 0.6, ""),
    ],
)
def test_the_process_and_its_history_say_what_came_of_it(
    tmp_path: Path, code: int, decision: str, state: str, value: float | None, error: str
) -> None:
    (tmp_path / "history.csv").write_text(f"epoch,{METRIC}\n1,0.6\n2,\n3,0.5\n")
    training = Training("trial0000", [], tmp_path, tmp_path / "log")
    ended = Ended(training, code, 4.0, "Error: no room" if code else "")
    assert outcome_of(ended, METRIC, decision, 10.0) == Outcome(state, value, 3, 14.0, error)


def test_a_training_without_a_score_has_failed(tmp_path: Path) -> None:
    (tmp_path / "history.csv").write_text(f"epoch,{METRIC}\n1,\n")
    ended = Ended(Training("trial0000", [], tmp_path, tmp_path / "log"), 0, 4.0, "")
    outcome = outcome_of(ended, METRIC, "", 0.0)
    assert outcome.state == "failed" and outcome.error.startswith(f"no epoch has a {METRIC}")


def test_the_variant_is_written_as_people_write_it(plan: Plan, task: Task) -> None:
    write_configs(plan, task)
    text = (plan.folder / "configs" / "trial0000.json").read_text()
    assert json.loads(text) == plan.variant(task.drawn, "trial0000") and text.endswith("}\n")
