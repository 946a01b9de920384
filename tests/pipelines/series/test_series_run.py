from __future__ import annotations

import json
import logging
import shutil
from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient

from pipelines.series.series_run import SeriesRun, experiment_of
from pipelines.training.tracking_runs import PARENT, begin_run
from pipelines.training.tracking_store import STORE

TRACKING = {"_target_": "pipelines.training.tracking.Tracking", "experiment": "bundle"}


def test_a_series_is_one_run_that_goes_on(
    empty_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(empty_store, tmp_path)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "series").mkdir()
    (tmp_path / "series" / "table.csv").touch()

    def made() -> SeriesRun:
        return SeriesRun("search", tmp_path / "series", "bundle", {"epochs": 3}, {"kind": "x"})

    (run_id,) = made().begin().values()
    again = made()
    assert list(again.begin().values()) == [run_id]
    again.log([("a", 0.5, 3), ("b", None, 0)], ["table.csv"])
    again.end("FINISHED")
    client = MlflowClient(f"sqlite:///{tmp_path}/mlflow.db")
    run = client.get_run(run_id)
    assert run.info.status == "FINISHED" and run.data.tags["kind"] == "x"
    assert run.data.metrics == {"a": 0.5}
    assert [(each.step, each.value) for each in client.get_metric_history(run_id, "a")] == [
        (3, 0.5)
    ]
    assert [each.path for each in client.list_artifacts(run_id)] == ["table.csv"]


def test_from_another_folder_the_trainings_follow_the_store_of_the_series(
    empty_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        shutil.copy(empty_store, tmp_path / name)
    folder = tmp_path / "a" / "series"
    folder.mkdir()
    monkeypatch.chdir(tmp_path / "a")
    monkeypatch.delenv(STORE, raising=False)
    begun = SeriesRun("search", folder, "bundle", {}, {}).begin()
    assert set(begun) == {PARENT}  # theirs is the same
    monkeypatch.chdir(tmp_path / "b")
    variables = SeriesRun("search", folder, "bundle", {}, {}).begin()
    assert variables == {**begun, STORE: f"sqlite:///{tmp_path}/a/mlflow.db"}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    training = folder / "fold0"
    training.mkdir()
    client, run_id, _ = begin_run(training, "bundle")
    assert client.get_run(variables[PARENT]) and client.get_run(run_id)
    other = MlflowClient(f"sqlite:///{tmp_path}/b/mlflow.db")
    assert other.get_experiment_by_name("bundle") is None


def test_a_store_that_is_away_is_told_once_and_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/file/mlflow.db")
    series = SeriesRun("search", tmp_path, "bundle", {}, {})
    with caplog.at_level(logging.WARNING, "med2d"):
        assert series.begin() == {}
        series.log([("a", 0.5, 0)], [])
        series.end("FINISHED")
    assert len(caplog.records) == 1 and "the search goes on without" in caplog.text


def test_the_experiment_is_that_of_the_trainings() -> None:
    assert experiment_of({"train": {"handlers": [{"_target_": "x.Other"}, TRACKING]}}) == "bundle"
    disabled = {**TRACKING, "_disabled_": True}
    assert experiment_of(json.loads(json.dumps({"train": {"handlers": [disabled]}}))) is None
    assert experiment_of({}) is None
