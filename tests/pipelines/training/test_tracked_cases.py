import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient

from pipelines.errors import InputError
from pipelines.training import tracking_store
from pipelines.training.tracked_cases import fetch_cases


@pytest.fixture(scope="module")
def uri(empty_store: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite:///{shutil.copy(empty_store, tmp_path_factory.mktemp('cases'))}"


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Puts back what is set for the whole process."""
    for name in tracking_store.CLIENT_SETTINGS:
        monkeypatch.setenv(name, "undone")
        monkeypatch.delenv(name)
    yield


def test_the_cases_of_a_run_are_fetched(uri: str, tmp_path: Path) -> None:
    client = MlflowClient(uri)
    place = client.create_experiment("breast", artifact_location=(tmp_path / "art").as_uri())
    run = client.create_run(place, run_name="unet", tags={"dataset": "d1"})
    run_id = run.info.run_id
    (tmp_path / "out").mkdir()
    with pytest.raises(InputError, match=f"{run_id} has no cases.csv"):
        fetch_cases(run_id, uri, tmp_path / "out")
    (tmp_path / "cases.csv").write_text("id\n1\n")
    client.log_artifact(run_id, str(tmp_path / "cases.csv"))
    file, name, digest = fetch_cases(run_id, uri, tmp_path / "out")
    assert file.read_text() == "id\n1\n" and file.parent == tmp_path / "out"
    assert (name, digest) == (f"unet ({run_id[:8]})", "d1")
    with pytest.raises(InputError, match=r"MLflow run 0{32} cannot be read"):
        fetch_cases("0" * 32, uri, tmp_path)


def test_a_store_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"mlflow\.db does not exist; run this in the folder"):
        fetch_cases("0" * 32, f"sqlite:///{tmp_path}/mlflow.db", tmp_path)
    assert not list(tmp_path.iterdir())
