"""What is registered, when it is called best, and what is refused."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from mlflow.tracking import MlflowClient

from pipelines.deployment import model_registry
from pipelines.deployment.model_registry import register, tracked_folder
from pipelines.errors import InputError
from pipelines.file_hash import sha256_of

NAME = "breast_us_classification"
HEAD = "id,group,fold,class,predicted,p_benign,p_malignant\n"


def cases(wrong: int, images: int = 80) -> str:
    rows = []
    for number in range(images):
        true = number % 2
        said = 1 - true if number < wrong else true
        names = ("benign", "malignant")
        chances = "0.2,0.8" if said else "0.8,0.2"
        rows.append(f"i{number},g{number},0,{names[true]},{names[said]},{chances}")
    return HEAD + "\n".join(rows) + "\n"


class Store:
    """An MLflow store with runs of one bundle."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.uri = f"sqlite:///{folder}/mlflow.db"
        self.client: Any = MlflowClient(self.uri)
        self.experiment = self.client.create_experiment(
            NAME, artifact_location=(folder / "art").as_uri()
        )

    def run(
        self,
        name: str,
        wrong: int,
        status: str = "FINISHED",
        is_scored: bool = True,
        **config: Any,
    ) -> Path:
        """A run's folder, and its run."""
        run = self.client.create_run(self.experiment, run_name=name)
        folder = self.folder / name
        (folder / "configs").mkdir(parents=True)
        inference = {"activation": "softmax", "labels": ["benign", "malignant"]}
        (folder / "configs" / "inference.json").write_text(json.dumps(inference))
        told = {"scorer": {"bundle": NAME}, "name": name, "fold": 0, "dataset_digest": "d1"}
        (folder / "config.json").write_text(json.dumps({**told, **config}))
        if is_scored:
            (folder / "cases.csv").write_text(cases(wrong))
            self.client.log_artifact(run.info.run_id, str(folder / "cases.csv"))
        (folder / "model.pt").write_text(name)
        record = {"tracking_uri": self.uri, "run_id": run.info.run_id}
        (folder / "mlflow.json").write_text(json.dumps(record))
        if status != "RUNNING":
            self.client.set_terminated(run.info.run_id, status)
        return folder

    def best(self) -> str | None:
        """The version that is called best."""
        found = self.client.get_registered_model(NAME).aliases.get("best")
        return None if found is None else str(found)


@pytest.fixture
def store(empty_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store in which a model is a name, so that none has to be packed."""
    shutil.copy(empty_store, tmp_path)

    def log_model(client: Any, run: Any, folder: Path, metadata: dict[str, str]) -> Any:
        place = tmp_path / "art" / run.info.run_id / sha256_of(folder / "model.pt")
        place.mkdir(parents=True)
        (place / "MLmodel").write_text("flavors: {}\n")
        return SimpleNamespace(model_uri=place.as_uri())

    def register_model(uri: str, name: str, seconds: int, tags: dict[str, str]) -> Any:
        client = MlflowClient()
        if not client.search_registered_models(f"name = '{name}'"):
            client.create_registered_model(name)
        run_id = Path(uri).parent.name
        return client.create_model_version(name, uri, run_id, tags=tags)

    monkeypatch.setattr(model_registry, "log_model", log_model)
    monkeypatch.setattr("mlflow.register_model", register_model)
    return Store(tmp_path)


def registered(folder: Path | str, **options: Any) -> Any:
    with tracked_folder(str(folder)) as tracked:
        return register(tracked, **options)


def test_the_alias_moves_where_a_comparison_supports_it_and_else_stays(store: Store) -> None:
    first = registered(store.run("first", wrong=30), best=True)
    assert (first.name, first.version, first.is_new) == (NAME, "1", True)
    assert store.best() == "1" and "none before" in first.choice.reason
    alike = registered(store.run("alike", wrong=29), best=True)
    assert store.best() == "1"
    assert alike.choice.text("2").startswith("best stays version 1: no evidence of a difference")
    better = registered(store.run("better", wrong=4), best=True)
    assert store.best() == "3" and better.choice.is_better
    decision = store.client.get_model_version(NAME, "3").tags["best.decision"]
    assert "instead of version 1" in decision and "80 images in 80 groups" in decision
    worse = registered(store.run("worse", wrong=40), best=True)
    assert store.best() == "3" and not worse.choice.is_better
    assert registered(store.run("plain", wrong=0)).choice is None
    assert store.best() == "3"


def test_a_model_is_registered_once(store: Store) -> None:
    folder = store.run("run", wrong=3)
    assert registered(folder, best=True).is_new
    again = registered(folder, best=True)
    assert (again.version, again.is_new, again.choice.is_better) == ("1", False, False)
    (folder / "model.pt").write_text("trained further")
    assert registered(folder).version == "2"


def test_a_leaky_run_and_one_of_other_images_are_never_best(store: Store) -> None:
    leaky = store.run("leaky", wrong=0, leaky=True)
    with pytest.raises(InputError, match="leaks on purpose"):
        registered(leaky, best=True)
    registered(store.run("first", wrong=3), best=True)
    other = store.run("other", wrong=0, dataset_digest="d2")
    holder = json.loads((store.folder / "first" / "mlflow.json").read_text())["run_id"]
    store.client.set_tag(holder, "dataset", "d1")
    with pytest.raises(InputError, match=r"best cannot be decided: .*dataset"):
        registered(other, best=True)
    assert len(store.client.search_model_versions(f"name = '{NAME}'")) == 1
    assert registered(leaky).choice is None


def test_a_run_that_was_never_scored_is_never_best(store: Store) -> None:
    trial = store.run("trial", wrong=0)
    (trial / "cases.csv").unlink()
    with pytest.raises(InputError, match=r"was never scored.*never called best"):
        registered(trial, best=True)
    assert store.client.search_model_versions(f"name = '{NAME}'") == []
    assert registered(trial).version == "1"


def test_a_holder_that_was_never_scored_gives_the_name_up(store: Store) -> None:
    registered(store.run("trial", wrong=0, is_scored=False))
    store.client.set_registered_model_alias(NAME, "best", "1")
    run = registered(store.run("scored", wrong=40), best=True)
    assert store.best() == "2"
    assert run.choice.text("2") == (
        "best is now version 2 instead of version 1: version 1 was never scored, so nothing was "
        "compared"
    )


def test_what_cannot_be_registered_is_said(store: Store, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds no run \(config\.json is missing\)"):
        registered(tmp_path)
    untracked = store.run("untracked", wrong=0)
    (untracked / "mlflow.json").unlink()
    with pytest.raises(InputError, match=r"mlflow\.json is missing"):
        registered(untracked)
    series = store.run("series", wrong=0)
    (series / "config.json").unlink()
    (series / "crossval.json").write_text("{}")
    with pytest.raises(InputError, match="is the folder of a cross-validation; name one of its"):
        registered(series)
    with pytest.raises(InputError, match="no run's folder and no MLflow run id"):
        registered(tmp_path / "nothing")
    with pytest.raises(InputError, match="is KILLED, not FINISHED"):
        registered(store.run("killed", wrong=0, status="KILLED"))


def test_mlflow_s_state_is_put_back(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    import mlflow

    before = mlflow.get_tracking_uri(), dict(os.environ)

    def broken(*words: Any) -> Any:
        raise mlflow.exceptions.MlflowException("no room\nleft")

    monkeypatch.setattr(model_registry, "log_model", broken)
    folder = store.run("run", wrong=0)
    with pytest.raises(InputError, match=r"cannot register it \(no room\)"):
        registered(folder)
    assert (mlflow.get_tracking_uri(), dict(os.environ)) == before
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store.uri)
    with pytest.raises(InputError, match=r"cannot register it \(no room\)"):
        registered(folder)
    assert mlflow.get_tracking_uri() == store.uri
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    assert mlflow.get_tracking_uri() == before[0]
