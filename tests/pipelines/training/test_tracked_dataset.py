"""The parts of a fold are the inputs of its run."""

import json
from pathlib import Path

import mlflow.data
import pytest
from mlflow.tracking import MlflowClient

from pipelines.datasets.dataset import digest, parts, read
from pipelines.datasets.dataset_difference import recorded_content
from pipelines.training.tracked_dataset import log_dataset, log_whole_dataset

pytestmark = pytest.mark.usefixtures("environment_and_signals")


def test_they_are_named_by_their_use_with_digest_source_and_counts(
    client: MlflowClient, tracked_folder: Path, busi_dataset: Path
) -> None:
    dataset = read(busi_dataset)
    config = {"fold": 4, "dataset_dir": str(busi_dataset), "dataset_digest": digest(dataset)}
    (tracked_folder / "config.json").write_text(json.dumps(config))
    run_id = json.loads((tracked_folder / "mlflow.json").read_text())["run_id"]
    log_dataset(client, run_id, tracked_folder)  # an older run, without a record of its items
    assert client.get_run(run_id).inputs.dataset_inputs == []
    content = {"dataset_dir": recorded_content(dataset)}
    (tracked_folder / "dataset_items.json").write_text(json.dumps(content))
    log_dataset(client, run_id, tracked_folder)
    inputs = client.get_run(run_id).inputs.dataset_inputs
    found = {each.tags[0].value: each.dataset for each in inputs}
    assert {context: each.name for context, each in found.items()} == {
        "training": "dataset folds 1, 2, 3",
        "validation": "dataset fold 0",
        "testing": "dataset fold 4",
    }
    items = dict(zip(("training", "validation", "testing"), parts(dataset, 4), strict=True))
    for context, each in found.items():
        profile = json.loads(each.profile)
        assert profile["num_rows"] == len(items[context]) == sum(profile["classes"].values())
        assert profile["groups"] == len({item["group"] for item in items[context]})
        assert set(profile["classes"]) <= {"benign", "malignant", "normal"}
        assert digest(dataset).startswith(each.digest)
        assert mlflow.data.get_source(each).uri == str(busi_dataset)


def test_a_fold_that_is_not_scored_is_no_input(
    client: MlflowClient, tracked_folder: Path, busi_dataset: Path
) -> None:
    dataset = read(busi_dataset)
    off = {"_target_": "…", "handler": "@scorer", "_disabled_": True}  # as in a search's trials
    config = {"fold": 4, "dataset_dir": str(busi_dataset), "dataset_digest": digest(dataset)}
    config |= {"train": {"handlers": [{"_target_": "…"}, off]}}
    (tracked_folder / "config.json").write_text(json.dumps(config))
    content = {"dataset_dir": recorded_content(dataset)}
    (tracked_folder / "dataset_items.json").write_text(json.dumps(content))
    run_id = json.loads((tracked_folder / "mlflow.json").read_text())["run_id"]
    log_dataset(client, run_id, tracked_folder)
    inputs = client.get_run(run_id).inputs.dataset_inputs
    assert {each.tags[0].value for each in inputs} == {"training", "validation"}


def test_a_whole_dataset_is_one_input(
    client: MlflowClient, tracked_folder: Path, busi_dataset: Path
) -> None:
    dataset = read(busi_dataset)
    run_id = json.loads((tracked_folder / "mlflow.json").read_text())["run_id"]
    log_whole_dataset(client, run_id, dataset, "cross-validation")
    (found,) = client.get_run(run_id).inputs.dataset_inputs
    assert found.tags[0].value == "cross-validation"
    assert found.dataset.name == "dataset folds 0, 1, 2, 3, 4"
    assert json.loads(found.dataset.profile)["num_rows"] == len(dataset.items)
    assert digest(dataset).startswith(found.dataset.digest)
