"""Tables that the MLflow UI shows are those of the last evaluation."""

import json
from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient

from pipelines.training import tracked_tables
from pipelines.training.tracked_tables import log_tables, score_table

pytestmark = pytest.mark.usefixtures("environment_and_signals")
ENTRY = {"value": 0.5, "low": 0.4, "high": None, "n": 6}
RECORD = {"scores": {"dice": ENTRY}, "by_class": {"benign": {"dice": {**ENTRY, "value": 0.7}}}}


def run_id_of(folder: Path) -> str:
    return json.loads((folder / "mlflow.json").read_text())["run_id"]


def test_a_row_is_a_score_of_all_images_or_of_a_class() -> None:
    table = score_table(RECORD)
    assert table.columns.tolist() == ["score", "class", "value", "low", "high", "n"]
    assert table["class"].tolist() == ["all", "benign"]
    assert table["value"].tolist() == [0.5, 0.7] and table["high"].isna().all()


def test_mlflow_reads_them_and_a_new_evaluation_takes_their_place(
    client: MlflowClient, tracked_folder: Path
) -> None:
    run_id = run_id_of(tracked_folder)
    (tracked_folder / "cases.csv").write_text("id,dice\na,0.5\nb,0.9\n")
    for value in (0.5, 0.75):
        record = {"scores": {"dice": {**ENTRY, "value": value}}}
        log_tables(client, run_id, tracked_folder, record)
        found = client.load_table(
            client.get_run(run_id).info.experiment_id, "tables/scores.json", [run_id]
        )
        assert found["value"].tolist() == [value]
    names = {item.path for item in client.list_artifacts(run_id, "tables")}
    assert names == {"tables/scores.json", "tables/cases.json"}
    logged = json.loads(client.get_run(run_id).data.tags["mlflow.loggedArtifacts"])
    assert sorted(entry["path"] for entry in logged) == sorted(names)


def test_many_cases_are_no_table(
    client: MlflowClient, tracked_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracked_tables, "MOST_CASES", 1)
    (tracked_folder / "cases.csv").write_text("id,dice\na,0.5\nb,0.9\n")
    run_id = run_id_of(tracked_folder)
    log_tables(client, run_id, tracked_folder, RECORD, "sites/b")
    names = [item.path for item in client.list_artifacts(run_id, "sites/b/tables")]
    assert names == ["sites/b/tables/scores.json"]
