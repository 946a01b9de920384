"""A run is made once and taken up again, whatever happens in between."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mlflow.tracking import MlflowClient

from pipelines.training import tracking_runs
from pipelines.training.run_owner import PROCESS, owner_tags
from pipelines.training.tracking_runs import RunRequest, begin_run, recorded_run

pytestmark = pytest.mark.usefixtures("environment_and_signals")


def runs_of(client: MlflowClient, experiment: str) -> list[Any]:
    found = client.get_experiment_by_name(experiment)
    return client.search_runs([found.experiment_id]) if found else []


def test_a_folder_names_its_run_which_is_taken_up_again(
    client: MlflowClient, tmp_path: Path
) -> None:
    assert recorded_run(tmp_path) == (None, None)
    _, run_id, is_new = begin_run(tmp_path, "taken")
    assert is_new and recorded_run(tmp_path)[1] == run_id
    client.set_terminated(run_id, "KILLED")
    assert begin_run(tmp_path, "taken")[1:] == (run_id, False)
    assert client.get_run(run_id).info.status == "RUNNING"
    new = RunRequest(tmp_path, "taken", goes_on=False).begin()
    assert new.is_new and new.run_id != run_id
    assert recorded_run(tmp_path)[1] == new.run_id


def test_a_run_of_another_store_is_not_taken_up(client: MlflowClient, tmp_path: Path) -> None:
    record = {"tracking_uri": "http://elsewhere", "run_id": "0" * 32}
    (tmp_path / "mlflow.json").write_text(json.dumps(record))
    _, run_id, is_new = begin_run(tmp_path, "other")
    assert is_new and run_id != "0" * 32


def test_a_request_whose_answer_was_lost_makes_no_second_run(
    client: MlflowClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = tracking_runs.store_client

    def forgetful(uri: str) -> Any:
        found = made(uri)
        create: Callable[..., Any] = found.create_run

        def create_run(*words: Any, **given: Any) -> Any:
            create(*words, **given)
            raise ConnectionError("the answer is lost")

        found.create_run = create_run
        return found

    monkeypatch.setattr(tracking_runs, "store_client", forgetful)
    request = RunRequest(tmp_path, "lost", goes_on=False)
    with pytest.raises(ConnectionError):
        request.begin()
    monkeypatch.undo()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", client.tracking_uri)
    begun = request.begin()
    assert begun.is_new
    assert [run.info.run_id for run in runs_of(client, "lost")] == [begun.run_id]


@pytest.mark.skipif(not owner_tags(), reason="there is no /proc")
def test_a_run_whose_process_is_gone_is_ended_by_the_next(
    client: MlflowClient, tmp_path: Path
) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    _, left, _ = begin_run(tmp_path / "a", "left")
    client.set_tag(left, PROCESS, "999999999 1")
    _, alive, _ = begin_run(tmp_path / "b", "left")
    assert client.get_run(left).info.status == "KILLED"
    assert client.get_run(alive).info.status == "RUNNING"
    assert begin_run(tmp_path / "a", "left")[1:] == (left, False)
    assert client.get_run(left).info.status == "RUNNING"
    assert client.get_run(left).data.tags[PROCESS] == owner_tags()[PROCESS]
