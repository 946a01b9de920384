from __future__ import annotations

import json
import logging
import shutil
from pathlib import Path

import pandas as pd
import pytest
from mlflow.tracking import MlflowClient

from pipelines.crossval.parent_run import ParentRun
from pipelines.crossval.pooled import pool
from pipelines.datasets.dataset_difference import recorded_content
from pipelines.errors import InputError
from pipelines.evaluation.group_intervals import IntervalOptions
from pipelines.training.tracked_parameters import split_hash
from pipelines.training.tracked_run import fetch_run
from pipelines.training.tracking_runs import PARENT
from tests.pipelines.crossval.conftest import MakePlan
from tests.pipelines.crossval.made_training import answers, leave_scored


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
        leave_scored(member.folder, answers(member.fold, member.seed))
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
    assert run.data.params["learning_rate"] == "0.002"  # which the bundle has as a formula
    content = recorded_content(plan.dataset)
    assert run.data.params["split_hash"] == split_hash(content)
    assert plan.dataset_digest.startswith(run.data.params["dataset_digest"])
    (whole,) = run.inputs.dataset_inputs
    assert (whole.tags[0].value, whole.dataset.name) == (
        "cross-validation",
        f"{plan.dataset.folder.name} folds 0, 1, 2, 3, 4",
    )
    assert json.loads(whole.dataset.profile)["num_rows"] == len(plan.dataset.items)
    assert run.data.tags["folds"] == "0,1" and run.data.tags["dataset"] == plan.dataset_digest
    history = client.get_metric_history(run_id, "score/auroc")
    assert {each.step: each.value for each in history} == {
        seed: pooled.by_seed[seed]["scores"]["auroc"]["value"] for seed in (0, 1)
    }
    mean = pooled.spread["scores"]["auroc"]["mean"]
    assert run.data.metrics["score/auroc_mean"] == pytest.approx(mean)
    assert {"score/auroc_low", "seeds_together/auroc"} <= set(run.data.metrics)
    assert {each.path for each in client.list_artifacts(run_id)} == {"cases.csv", "tables"}
    for name in ("recall_malignant", "recall_malignant_low", "recall_malignant_mean"):
        assert f"score/{name}" in run.data.metrics
    file = client.download_artifacts(run_id, "tables/scores.json", str(tmp_path))
    table = pd.read_json(file, orient="split", dtype={"seed": str})
    assert set(table["seed"]) == {"0", "1", "together"}
    auroc = table[(table["score"] == "auroc") & (table["class"] == "all")].set_index("seed")
    assert auroc.loc["1", "value"] == pytest.approx(pooled.by_seed[1]["scores"]["auroc"]["value"])
    with pytest.raises(InputError, match=f"{run_id} is of a cross-validation; name one of its"):
        fetch_run(run_id, f"sqlite:///{tmp_path}/mlflow.db", tmp_path)
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
