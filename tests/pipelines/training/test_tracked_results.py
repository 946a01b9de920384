"""What a run's folder holds, in its MLflow run."""

import json
import warnings
from pathlib import Path
from typing import Any

import pytest
from mlflow.tracking import MlflowClient

from pipelines.training.tracked_results import log_rescored, log_tags

pytestmark = pytest.mark.usefixtures("environment_and_signals")
ENTRY = {"value": 0.5, "low": 0.4, "high": None, "n": 6}


def run_of(folder: Path, client: MlflowClient) -> Any:
    return client.get_run(json.loads((folder / "mlflow.json").read_text())["run_id"])


def silently(folder: Path, part: Path | None = None) -> None:
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="MLflow at")
        log_rescored(folder, part)


def test_a_new_evaluation_is_logged_to_the_training_s_run(
    client: MlflowClient, tracked_folder: Path, tmp_path: Path
) -> None:
    run = run_of(tracked_folder, client)
    count = len(client.search_runs([run.info.experiment_id]))
    record = {"scores": {"dice": ENTRY}, "by_class": {"tissue (2)": {"dice": ENTRY}}}
    (tracked_folder / "scores.json").write_text(json.dumps(record))
    silently(tracked_folder)
    metrics = run_of(tracked_folder, client).data.metrics
    for name in ("score/dice", "score/dice_tissue _2_"):
        assert metrics[name] == 0.5 and metrics[f"{name}_n"] == 6
    assert "score/dice_high" not in metrics
    assert len(client.search_runs([run.info.experiment_id])) == count
    log_rescored(tmp_path)  # a folder without a record: nothing to log to


def test_the_temperature_is_a_parameter_and_what_it_changed_are_metrics(
    client: MlflowClient, tracked_folder: Path
) -> None:
    folder = tracked_folder
    scores = {"scores": {"brier": ENTRY}, "uncalibrated": {"brier": {**ENTRY, "value": 0.75}}}
    (folder / "scores.json").write_text(json.dumps(scores))
    calibration = {"temperature": 1.5, "validation": {"before": {"brier": 0.5}, "after": {}}}
    (folder / "calibration.json").write_text(json.dumps(calibration))
    silently(folder)
    run = run_of(folder, client)
    assert run.data.params["temperature"] == "1.5"
    assert run.data.metrics["calibration/brier_before"] == 0.5
    assert run.data.metrics["score/brier_uncalibrated"] == 0.75
    (folder / "calibration.json").write_text(json.dumps({**calibration, "temperature": 2}))
    silently(folder)  # a parameter cannot be changed; the metric can
    run = run_of(folder, client)
    assert (run.data.params["temperature"], run.data.metrics["temperature"]) == ("1.5", 2)


def test_a_run_that_has_ended_gets_tags_and_a_file(
    client: MlflowClient, tracked_folder: Path, tmp_path: Path
) -> None:
    (tracked_folder / "rerun.json").write_text("{}")
    log_tags(tracked_folder, {"rerun_of": "runs/a"}, "rerun.json")
    run = run_of(tracked_folder, client)
    assert run.data.tags["rerun_of"] == "runs/a"
    assert "rerun.json" in {item.path for item in client.list_artifacts(run.info.run_id)}
    log_tags(tmp_path, {"rerun_of": "runs/a"}, "rerun.json")  # not tracked: nothing to log to


def test_a_store_that_is_away_costs_a_warning(
    tracked_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    away = {"tracking_uri": f"sqlite:///{tracked_folder}/mlflow.json/x.db", "run_id": "0"}
    (tracked_folder / "mlflow.json").write_text(json.dumps(away))
    log_tags(tracked_folder, {}, "rerun.json")
    log_rescored(tracked_folder)
    assert caplog.text.count("holds all results") == 2


def test_another_site_s_results_stand_beside_the_run_s_own(
    client: MlflowClient, tracked_folder: Path
) -> None:
    site = tracked_folder / "sites" / "clinic (2)"
    (site / "plots").mkdir(parents=True)
    (site / "plots" / "roc.png").write_bytes(b"picture")
    entry = {"value": 0.7, "low": 0.6, "high": None, "n": 9}
    drop = {"scores": {"kappa": {"drop": 0.2, "low": 0.1, "high": 0.3}}}
    record = {"scores": {"kappa": entry}, "drop": drop}
    (site / "scores.json").write_text(json.dumps(record))
    silently(tracked_folder, site)
    run = run_of(tracked_folder, client)
    found = {k: v for k, v in run.data.metrics.items() if k.startswith("clinic")}
    name = "clinic _2_/kappa"
    assert found == {
        name: 0.7,
        f"{name}_low": 0.6,
        f"{name}_n": 9,
        f"{name}_drop": 0.2,
        f"{name}_drop_low": 0.1,
        f"{name}_drop_high": 0.3,
    }
    names = {item.path for item in client.list_artifacts(run.info.run_id, "sites/clinic (2)")}
    place = "sites/clinic (2)"
    assert names == {f"{place}/plots", f"{place}/scores.json", f"{place}/tables"}
