from __future__ import annotations

import logging
import shutil
from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient

from pipelines.crossval.parent_run import ParentRun
from pipelines.crossval.pooled import pool
from pipelines.evaluation.group_intervals import IntervalOptions
from pipelines.training.tracking_runs import PARENT
from tests.pipelines.crossval.conftest import MakePlan
from tests.pipelines.crossval.made_training import answers


@pytest.fixture
def client(empty_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MlflowClient:
    shutil.copy(empty_store, tmp_path)
    monkeypatch.chdir(tmp_path)
    return MlflowClient(f"sqlite:///{tmp_path}/mlflow.db")


def test_it_holds_common_settings_pooled_scores_and_tables(
    make: MakePlan, client: MlflowClient, tmp_path: Path
) -> None:
    plan = make("--epochs", "3", seeds="2")
    plan.folder.mkdir()
    for member in plan.members:
        member.folder.mkdir()
        answers(member.fold, member.seed).to_csv(member.folder / "cases.csv", index=False)
    folders = {s: [plan.member(f, s).folder for f in plan.folds] for s in plan.seeds}
    images = {name for fold in plan.folds for name in answers(fold, 0)["id"]}
    pooled = pool(folders, images, IntervalOptions(resamples=100))
    (plan.folder / "cases.csv").write_text("id\n")
    parent = ParentRun(plan)
    run_id = parent.begin()[PARENT]
    parent.log_pooled(pooled, ["cases.csv"])
    parent.end("FINISHED")
    run = client.get_run(run_id)
    assert run.info.run_name == "crossval" and run.info.status == "FINISHED"
    assert run.data.params["epochs"] == "3" and "fold" not in run.data.params
    assert run.data.tags["folds"] == "0,1" and run.data.tags["dataset"] == plan.dataset_digest
    history = client.get_metric_history(run_id, "score/auroc")
    assert {each.step: each.value for each in history} == {
        seed: pooled.by_seed[seed]["scores"]["auroc"]["value"] for seed in (0, 1)
    }
    mean = pooled.spread["scores"]["auroc"]["mean"]
    assert run.data.metrics["score/auroc_mean"] == pytest.approx(mean)
    assert {"score/auroc_low", "seeds_together/auroc"} <= set(run.data.metrics)
    assert [each.path for each in client.list_artifacts(run_id)] == ["cases.csv"]
    again = ParentRun(plan)
    assert again.begin() == {PARENT: run_id}
    assert client.get_run(run_id).info.status == "RUNNING"


def test_a_bundle_that_does_not_track_has_none(make: MakePlan, client: MlflowClient) -> None:
    handlers = make().config["train"]["handlers"]
    place = next(k for k, each in enumerate(handlers) if "Tracking" in each["_target_"])
    plan = make(f"--train::handlers::{place}::_disabled_", "true")
    plan.folder.mkdir()
    assert ParentRun(plan).begin() == {}
    assert not (plan.folder / "mlflow.json").exists()


def test_a_store_that_is_away_changes_nothing(
    make: MakePlan,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/file/mlflow.db")
    plan = make()
    plan.folder.mkdir()
    parent = ParentRun(plan)
    with caplog.at_level(logging.WARNING, "med2d"):
        assert parent.begin() == {}
        parent.end("FINISHED")
    assert len(caplog.messages) == 1 and "goes on without" in caplog.messages[0]
