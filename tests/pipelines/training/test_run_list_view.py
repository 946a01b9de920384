"""The run list shows what tells runs apart."""

import json

import pytest
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from pipelines.training.run_list_view import columns, view_path, write_view
from pipelines.training.tracked_parameters import TELLING


@pytest.mark.usefixtures("environment_and_signals")
def test_it_is_written_once_and_leaves_a_description_alone(client: MlflowClient) -> None:
    number = client.create_experiment("view")
    client.set_experiment_tag(number, "mlflow.note.content", "ours")
    write_view(client, client.get_experiment(number))
    tags = client.get_experiment(number).tags
    state = json.loads(tags["mlflow.sharedViewState.med2d"])
    assert state == {"selectedColumns": list(columns()), "columnOrder": list(columns())}
    assert tags["mlflow.note.content"] == "ours"
    other = client.create_experiment("view 2")
    write_view(client, client.get_experiment(other))
    link = view_path(other).removeprefix("/")
    assert link in client.get_experiment(other).tags["mlflow.note.content"]


@pytest.mark.usefixtures("environment_and_signals")
def test_another_training_may_write_it_at_the_same_time(
    client: MlflowClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = client.create_experiment("two at once")
    before, written = client.get_experiment(number), client.set_experiment_tag

    def refused(experiment: str, name: str, value: str) -> None:
        raise MlflowException("UNIQUE constraint failed")

    def late(experiment: str, name: str, value: str) -> None:
        written(experiment, name, value)
        refused(experiment, name, value)

    monkeypatch.setattr(client, "set_experiment_tag", late)
    write_view(client, before)
    assert "mlflow.sharedViewState.med2d" in client.get_experiment(number).tags
    monkeypatch.setattr(client, "set_experiment_tag", refused)
    other = client.get_experiment(client.create_experiment("refused"))
    with pytest.raises(MlflowException, match="UNIQUE"):
        write_view(client, other)


def test_parameters_stand_in_the_order_in_which_one_asks() -> None:
    params = [name for name in columns() if name.startswith("params.")]
    assert params == [f"params.`{name}`" for name in TELLING]
