from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from mlflow.tracking import MlflowClient

from pipelines.errors import InputError
from pipelines.training import tracking_store
from pipelines.training.tracked_results import log_results
from pipelines.training.tracked_run import fetch_run
from tests.pipelines.training.made_record import give_results


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Puts back what is set for the whole process."""
    for name in tracking_store.CLIENT_SETTINGS:
        monkeypatch.setenv(name, "undone")
        monkeypatch.delenv(name)


@pytest.fixture
def store(empty_store: Path, tmp_path: Path) -> tuple[str, Any, str]:
    """An own store, its client, and the id of a run without files."""
    uri = f"sqlite:///{shutil.copy(empty_store, tmp_path)}"
    client = MlflowClient(uri)
    place = client.create_experiment("breast", artifact_location=(tmp_path / "art").as_uri())
    return uri, client, client.create_run(place, run_name="unet").info.run_id


def test_what_a_rerun_needs_is_fetched(store: tuple[str, Any, str], tmp_path: Path) -> None:
    uri, client, run_id = store
    folder, target = tmp_path / "run", tmp_path / "fetched"
    (folder / "configs").mkdir(parents=True)
    (folder / "configs" / "inference.json").write_text("{}")
    target.mkdir()
    with pytest.raises(InputError, match=rf"{run_id} has no config\.json: .* older med2d"):
        fetch_run(run_id, uri, target)
    for name in ("config.json", "record.json", "dataset_items.json", "machine.json"):
        (folder / name).write_text(name)
    give_results(folder)
    (folder / "scores.json").write_text('{"scores": {}}')
    log_results(client, run_id, folder)
    assert fetch_run(run_id, uri, target) == target
    paths = {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
    assert {path.relative_to(target) for path in target.rglob("*") if path.is_file()} == paths
    assert (target / "record.json").read_text() == "record.json"


def test_a_store_without_the_run_is_named(store: tuple[str, Any, str], tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"MLflow run 0{32} cannot be read"):
        fetch_run("0" * 32, store[0], tmp_path)
