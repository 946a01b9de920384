"""An MLflow store that the tests of tracking share, and what a run sets for a whole process."""

from __future__ import annotations

import json
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient

from pipelines.training import termination, tracking_store

TrackedFolder = Callable[..., Path]


@pytest.fixture(scope="session")
def store(empty_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one MLflow store."""
    folder = tmp_path_factory.mktemp("tracking")
    shutil.copy(empty_store, folder)
    return folder


@pytest.fixture
def client(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MlflowClient:
    """A client of the store, which the environment names; the working folder is another."""
    (tmp_path / "work" / "mlruns" / "0").mkdir(parents=True)
    (tmp_path / "work" / "mlruns" / "0" / "meta.yaml").write_text("experiment_id: '0'\n")
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{store}/mlflow.db")
    return MlflowClient(f"sqlite:///{store}/mlflow.db")


@pytest.fixture
def environment_and_signals(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put back what a run sets for the whole process."""
    for name in tracking_store.CLIENT_SETTINGS:
        monkeypatch.setenv(name, "undone")
        monkeypatch.delenv(name)
    before = signal.getsignal(signal.SIGTERM)
    yield
    after = signal.signal(signal.SIGTERM, before)
    assert after in (before, termination._stop)  # MLflow's own would swallow it


@pytest.fixture
def tracked_folder(client: MlflowClient, store: Path, tmp_path: Path) -> Path:
    """A run's folder without results, and its run in the store."""
    folder = tmp_path / "ended"
    folder.mkdir()
    experiment = client.get_experiment_by_name("results")
    number = (
        experiment.experiment_id
        if experiment
        else client.create_experiment("results", artifact_location=(store / "mlartifacts").as_uri())
    )
    run_id = client.create_run(number, run_name="ended").info.run_id
    record = {"tracking_uri": f"sqlite:///{store}/mlflow.db", "run_id": run_id}
    (folder / "mlflow.json").write_text(json.dumps(record))
    return folder
