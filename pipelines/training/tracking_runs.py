"""MLflow runs: each is made once, named in a folder, and taken up by whoever goes on there."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

from pipelines.atomic import write_text
from pipelines.training.run_list_view import write_view
from pipelines.training.run_owner import end_those_left, owner_tags
from pipelines.training.tracking_store import (
    STORE,
    alone_in,
    database_of,
    store_client,
    tracking_uri,
    without_password,
)

RECORD = "mlflow.json"
"""Names the MLflow run of a folder, so that a resume goes on with it."""
PARENT = "MED2D_PARENT_RUN"
"""Variable of the environment: the MLflow run that those of its trainings belong to."""

_REQUEST = "request"
"""Tag of a run: of which request it was made, so that one that was repeated makes no second."""


class Begun(NamedTuple):
    """A run that is followed from now on.

    Attributes:
        client: an ``MlflowClient``.
        run_id: of the run.
        is_new: whether it was made now; else it was taken up.
        experiment_id: MLflow experiment of the run.
    """

    client: Any
    run_id: str
    is_new: bool
    experiment_id: str


class RunRequest:
    """Asks for the MLflow run of a folder; asked again after a failure, it gets the same one.

    A server may make a run and not be able to say so. The next try finds it by a tag.

    Args:
        folder: of which the run is; its ``mlflow.json`` names the run from then on.
        experiment: MLflow experiment, by convention the bundle's name.
        goes_on: whether to take up the run that the folder names, where the store is the same.
    """

    def __init__(self, folder: Path, experiment: str, goes_on: bool) -> None:
        self.folder = folder
        self.experiment = experiment
        self.goes_on = goes_on
        self.name = uuid4().hex
        self.experiment_id: str | None = None

    def begin(self) -> Begun:
        """Makes the run, or takes it up.

        Runs of the experiment whose process on this machine is gone end as KILLED.

        Raises:
            Exception: whatever MLflow or its store raises.
        """
        known, before = recorded_run(self.folder) if self.goes_on else (None, None)
        uri = os.environ.get(STORE) or known or tracking_uri()
        earlier = before if without_password(uri) == known else None
        with alone_in(uri):
            client = store_client(uri)
            run_id = earlier or self._made(client, uri)
        run = client.get_run(run_id)
        for name, value in owner_tags().items():
            client.set_tag(run_id, name, value)
        if earlier:
            client.update_run(run_id, status="RUNNING")
        record = {"tracking_uri": without_password(uri), "run_id": run_id}
        write_text(self.folder / RECORD, json.dumps(record, indent=2) + "\n")
        end_those_left(client, run.info.experiment_id)
        return Begun(client, run_id, earlier is None, run.info.experiment_id)

    def _made(self, client: Any, uri: str) -> str:
        """A new run, or that of an earlier try."""
        if self.experiment_id is None:
            experiment = _experiment(client, self.experiment, uri)
            write_view(client, experiment)
            self.experiment_id = experiment.experiment_id
        else:
            found = client.search_runs([self.experiment_id], f"tags.{_REQUEST} = '{self.name}'")
            if found:
                return found[0].info.run_id
        tags = {_REQUEST: self.name, **owner_tags()}
        run = client.create_run(self.experiment_id, run_name=self.folder.name, tags=tags)
        return run.info.run_id


def recorded_run(folder: Path) -> tuple[str | None, str | None]:
    """Store and id of the MLflow run that a folder names; None and None where it names none."""
    path = folder / RECORD
    if not path.is_file():
        return None, None
    record = json.loads(path.read_text(encoding="utf-8"))
    return record.get("tracking_uri"), record.get("run_id")


def begin_run(folder: Path, experiment: str) -> tuple[Any, str, bool]:
    """Make the MLflow run of a folder that is of no single training, or take up its earlier one.

    The folder's ``mlflow.json`` names the run from then on.

    Args:
        folder: of which the run is.
        experiment: MLflow experiment.

    Returns:
        An ``MlflowClient``, the run's id, and whether the run is new.
    """
    begun = RunRequest(folder, experiment, goes_on=True).begin()
    return begun.client, begun.run_id, begun.is_new


def _experiment(client: Any, name: str, uri: str) -> Any:
    """The experiment of a name; it is made where there is none."""
    found = client.get_experiment_by_name(name)
    if found is not None:
        return found
    # Beside the database: MLflow's default, mlruns, may be an old file store.
    database = database_of(uri)
    local = (database.parent / "mlartifacts" / name).as_uri() if database else None
    try:
        return client.get_experiment(client.create_experiment(name, artifact_location=local))
    except Exception:  # another machine made it meanwhile: then it is there now
        found = client.get_experiment_by_name(name)
        if found is None:
            raise
        return found
