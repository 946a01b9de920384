from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient

from pipelines.search.search_run import SearchRun
from pipelines.search.study import next_task, open_study
from pipelines.search.trial_run import Outcome
from pipelines.training.tracking_runs import PARENT, begin_run
from tests.pipelines.search.conftest import MakePlan


@pytest.fixture
def client(empty_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MlflowClient:
    shutil.copy(empty_store, tmp_path)
    monkeypatch.chdir(tmp_path)
    return MlflowClient(f"sqlite:///{tmp_path}/mlflow.db")


def test_all_processes_share_a_run_and_the_trials_say_what_came_of_them(
    make: MakePlan, client: MlflowClient, tmp_path: Path
) -> None:
    plan = make(storage=f"journal:{tmp_path}/trials.log")
    plan.folder.mkdir()
    study = open_study(plan)
    parent = SearchRun(plan, study)
    run_id = parent.begin()[PARENT]
    second = replace(plan, folder=tmp_path / "second")
    second.folder.mkdir()
    assert SearchRun(second, open_study(plan)).begin() == {PARENT: run_id}
    with next_task(study, plan) as task:
        assert task is not None
        task.folder.mkdir()
        _, child, _ = begin_run(task.folder, "breast_us_classification")
        parent.log_trial(task, Outcome("failed", None, 0, 1.0, "killed by signal 9"))
        parent.log_trial(task, Outcome("failed", None, 0, 1.0, "killed by signal 9"))
    run = client.get_run(child)
    assert run.info.status == "FAILED" and run.data.tags["trial_state"] == "failed"
    assert run.data.params["search.epochs"] == str(task.drawn["epochs"])
    assert "search.network_def.head.dropout" in run.data.params
    (plan.folder / "trials.csv").touch()
    rows = [{"number": 0, "value": 0.5, "state": "complete"}]
    rows += [{"number": 1, "value": 0.9, "state": "pruned"}]
    parent.log_results(rows, ["trials.csv"])
    parent.end("FINISHED")
    run = client.get_run(run_id)
    assert run.info.status == "FINISHED" and run.data.metrics["best_value"] == 0.5
    assert run.data.tags["search"] == "parent" and run.data.tags["study"] == plan.study
    assert [each.path for each in client.list_artifacts(run_id)] == ["trials.csv"]


def test_a_store_of_another_machine_is_not_made_here(
    make: MakePlan, client: MlflowClient, tmp_path: Path
) -> None:
    plan = make(storage=f"journal:{tmp_path}/trials.log")
    plan.folder.mkdir()
    study = open_study(plan)
    far = tmp_path / "far" / "mlflow.db"
    study.set_user_attr("mlflow", {"tracking_uri": f"sqlite:///{far}", "run_id": "0" * 32})
    run_id = SearchRun(plan, study).begin()[PARENT]
    assert json.loads((plan.folder / "mlflow.json").read_text())["run_id"] == run_id != "0" * 32
    assert not far.parent.exists()
