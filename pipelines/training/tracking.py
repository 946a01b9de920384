"""One MLflow run per training: parameters, scores by epoch, pictures, and how it ended."""

from __future__ import annotations

import json
import logging
import os
import re
import shlex
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import ignite.distributed as idist
from filelock import FileLock
from ignite.engine import Engine, Events

from pipelines import __version__
from pipelines.atomic import write_text
from pipelines.datasets.dataset import LEAKY
from pipelines.errors import first_line
from pipelines.training.early_stop import is_validated
from pipelines.training.git_commit import git_commit
from pipelines.training.run_folder import DIGEST, flag, recorded
from pipelines.training.run_record import record_tags
from pipelines.training.termination import is_terminated, stop_on_terminate

_LOG = logging.getLogger("med2d")

RECORD = "mlflow.json"
"""Names the MLflow run of a run's folder, so that a resume goes on with it."""
PARENT = "MED2D_PARENT_RUN"
"""Variable of the environment: the MLflow run that those of its trainings belong to."""

CALIBRATION = "calibration.json"
"""The temperature of a classification, and what it reached, in a run's folder."""

_LONGEST_PARAMETER = 500
_LONGEST_TAG = 5000
_TRAINING_PER_WAIT = 10
"""After a failed try, so many times its seconds pass before the next: it may be a long timeout."""
CLIENT_SETTINGS = {
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",  # a line for every file
    "MLFLOW_DISABLE_TELEMETRY": "true",  # nothing about a hospital's trainings leaves its machine
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
}
"""Of the environment, for MLflow's client, where it does not say otherwise."""

_NOT_PARAMETERS = ("imports", "initialize", "run", "finalize", "resume", "overwrite")
ARTIFACTS = (
    *("config.json", "record.json", "dataset_items.json", "machine.json"),
    *("history.csv", "candidates.csv", "operating_point.json", CALIBRATION),
    *("cases.csv", "uncalibrated.csv", "regions.csv", "scores.json", "model.pt"),
)
"""Files of a run's folder that are logged when it ends, where they are there."""
CONFIGS = "configs"
"""Folder with what makes a run's folder a bundle of its own; logged with them."""
_PICTURES = ("curves", "overlays", "plots")


def tracking_uri() -> str:
    """``MLFLOW_TRACKING_URI``, else the file ``mlflow.db`` of the working folder.

    It is always explicit: MLflow's own default becomes a file store, which it then refuses, where
    the working folder holds an old ``mlruns``.
    """
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{Path.cwd() / 'mlflow.db'}"


def ui_command(uri: str | None = None) -> str:
    """How to open the MLflow UI on a store: a command, or a server's address."""
    if (uri or tracking_uri()).startswith("http"):
        return f"open {_without_password(uri or tracking_uri())}"
    return f"mlflow ui --backend-store-uri {shlex.quote(uri or tracking_uri())}"


def _without_password(uri: str) -> str:
    """The address without user and password: messages and run folders are passed on."""
    return re.sub("//[^/@]*@", "//", uri)


class Tracking:
    """Follows a training with one MLflow run; the training never depends on it.

    Where MLflow cannot be reached, one warning says so and the training goes on: the output folder
    holds everything that MLflow would. Later epochs try again, and bring what was missed. A crash
    ends the run as FAILED; Ctrl-C and SIGTERM as KILLED. Stands last in the trainer's list, so
    that the epoch's scores, and at the end the results, are there. Only the first process tracks.

    Args:
        output_dir: the run's folder; its ``config.json`` gives the parameters.
        experiment: MLflow experiment, by convention the bundle's name.
        validator: the engine that holds the validation's metrics.
        optimizer: whose learning rate is tracked; None for what has none.
        resume: whether to go on with the MLflow run that the folder names.
        tags: further tags, for instance the device.
    """

    def __init__(
        self,
        output_dir: str | Path,
        experiment: str,
        validator: Engine,
        optimizer: Any,
        resume: bool | str = False,
        tags: Mapping[str, Any] | None = None,
    ) -> None:
        self.folder = Path(output_dir)
        self.experiment = experiment
        self.validator = validator
        self.optimizer = optimizer
        self.resume = flag(resume, "resume")
        self.tags = {k: str(v) for k, v in (tags or {}).items()}
        self.client: Any = None
        self.run_id: str | None = None
        self._is_new = True
        self._is_described = False
        self._waiting: list[tuple[dict[str, Any], int]] = []
        self._was_told = False
        self._not_before = 0.0

    def attach(self, engine: Engine) -> None:
        """Follow the trainer ``engine``."""
        if idist.get_rank() != 0:
            return
        engine.add_event_handler(Events.STARTED, self._on_start)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self._on_epoch)
        engine.add_event_handler(Events.COMPLETED, self._on_end)
        engine.add_event_handler(Events.EXCEPTION_RAISED, self._on_exception)

    def _safely(self, action: Callable[[], Any]) -> bool:
        """Whether an action on MLflow succeeded; the first failure is told."""
        started = time.monotonic()
        try:
            action()
        except Exception as error:  # whatever MLflow or its store raises must not stop a training
            now = time.monotonic()
            self._not_before = now + _TRAINING_PER_WAIT * (now - started)
            if not self._was_told:
                _LOG.warning(
                    f"MLflow at {_without_password(tracking_uri())} cannot be reached or written "
                    f"({_without_password(first_line(error))}); the training goes on without it "
                    f"and tries again after later epochs; {self.folder} holds all results"
                )
            self._was_told = True
            return False
        return True

    def _on_start(self, engine: Engine) -> None:
        stop_on_terminate()
        self._safely(self._open)

    def _open(self) -> None:
        """Make or take up the MLflow run and describe it, where that has not yet succeeded."""
        if self.client is None:
            self.client = self._begin()
        if self._is_described:
            return
        if self._is_new:
            _log_parameters(self.client, self.run_id, recorded(self.folder))
        for name, value in {**_environment_tags(), **_run_tags(self.folder), **self.tags}.items():
            self.client.set_tag(self.run_id, name, value[:_LONGEST_TAG])
        if os.environ.get(PARENT):
            self.client.set_tag(self.run_id, "mlflow.parentRunId", os.environ[PARENT])
        self._is_described = True

    def _begin(self) -> Any:
        recorded_uri, before = self._earlier_run()
        uri = os.environ.get("MLFLOW_TRACKING_URI") or recorded_uri or tracking_uri()
        with _alone(uri):
            client = _client(uri)
            earlier = before if _without_password(uri) == recorded_uri else None
            self._is_new = earlier is None
            self.run_id = (
                self.run_id
                or earlier
                or _create_run(client, self.experiment, self.folder.name, uri)
            )
        if earlier:
            client.update_run(self.run_id, status="RUNNING")
        record = {"tracking_uri": _without_password(uri), "run_id": self.run_id}
        write_text(self.folder / RECORD, json.dumps(record, indent=2) + "\n")
        return client

    def _earlier_run(self) -> tuple[str | None, str | None]:
        """Store and id of the MLflow run to go on with, also from another working folder."""
        path = self.folder / RECORD
        if not self.resume or not path.is_file():
            return None, None
        record = json.loads(path.read_text(encoding="utf-8"))
        return record["tracking_uri"], record["run_id"]

    def _on_epoch(self, engine: Engine) -> None:
        validated = is_validated(self.validator, engine)
        rates = [group["lr"] for group in self.optimizer.param_groups] if self.optimizer else []
        values = {
            **engine.state.metrics,
            **(self.validator.state.metrics if validated else {}),
            **({"learning_rate": rates[0]} if rates else {}),
        }
        self._waiting.append((values, engine.state.epoch))
        if time.monotonic() >= self._not_before:
            self._safely(self._send)

    def _send(self) -> None:
        """Send the scores of this epoch, and of those before that could not be sent."""
        self._open()
        while self._waiting:
            _log_metrics(self.client, self.run_id, *self._waiting[0])
            del self._waiting[0]

    def _on_end(self, engine: Engine) -> None:
        if self._safely(self._close):
            print(f"mlflow       {ui_command()}")

    def _close(self) -> None:
        self._send()
        try:
            log_results(self.client, self.run_id, self.folder)
        finally:
            self.client.set_terminated(self.run_id, "FINISHED")

    def _on_exception(self, engine: Engine, error: BaseException) -> None:
        if self.client is not None:
            is_killed = not isinstance(error, Exception) or is_terminated(error)
            status = "KILLED" if is_killed else "FAILED"
            self._safely(lambda: self.client.set_terminated(self.run_id, status))
        raise error


def log_results(client: Any, run_id: str | None, folder: Path) -> None:
    """Log a run folder's results to its MLflow run: files, pictures, and the scores with bounds.

    Args:
        client: an ``MlflowClient``.
        run_id: the MLflow run.
        folder: the run's folder.
    """
    for name in ARTIFACTS:
        if (folder / name).is_file():
            client.log_artifact(run_id, str(folder / name))
    for name in (CONFIGS, *_PICTURES):
        if (folder / name).is_dir():
            client.log_artifacts(run_id, str(folder / name), name)
    if (folder / "scores.json").is_file():
        record = json.loads((folder / "scores.json").read_text(encoding="utf-8"))
        if record.get(LEAKY):
            client.set_tag(run_id, LEAKY, "true")
        values = {
            f"score_{name}{end}": entry[key]
            for name, entry in _all_scores(record).items()
            for end, key in (("", "value"), ("_low", "low"), ("_high", "high"), ("_n", "n"))
        }
        _log_metrics(client, run_id, values, 0)
    if (folder / CALIBRATION).is_file():
        record = json.loads((folder / CALIBRATION).read_text(encoding="utf-8"))
        _log_calibration(client, run_id, record)


def _log_calibration(client: Any, run_id: str | None, record: Mapping[str, Any]) -> None:
    """Log the temperature, and what it changed on the validation fold.

    MLflow keeps a parameter's first value; after a resume the metric is the one that holds.
    """
    if "temperature" not in client.get_run(run_id).data.params:
        client.log_param(run_id, "temperature", record["temperature"])
    values = {
        f"calibration_{name}_{when}": value
        for when, scores in record["validation"].items()
        for name, value in scores.items()
    }
    _log_metrics(client, run_id, {"temperature": record["temperature"], **values}, 0)


def _all_scores(record: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The scores of all images by name, and those of each class by name and class.

    Those before a temperature end in ``uncalibrated``.
    """
    named = dict(record["scores"])
    parts = {**record.get("by_class", {}), "uncalibrated": record.get("uncalibrated", {})}
    for label, entries in parts.items():
        ending = re.sub(r"[^\w .-]", "_", label)  # what MLflow allows
        named |= {f"{name}_{ending}": entry for name, entry in entries.items()}
    return named


def log_part(client: Any, run_id: str | None, folder: Path, part: Path) -> None:
    """Log the results on other images than the own fold: files, pictures, scores and their drop.

    Args:
        client: an ``MlflowClient``.
        run_id: the MLflow run.
        folder: the run's folder.
        part: the folder in it with the results, such as ``sites/hospital_b``; its path stands
            before the artifacts, its name before the metrics.
    """
    place = part.relative_to(folder).as_posix()
    client.log_artifacts(run_id, str(part), place)
    record = json.loads((part / "scores.json").read_text(encoding="utf-8"))
    drops = record.get("drop", {}).get("scores", {})
    ends = {"": "value", "_low": "low", "_high": "high", "_n": "n"}
    bounds = {"_drop": "drop", "_drop_low": "low", "_drop_high": "high"}
    name = re.sub(r"[^\w .-]", "_", part.name)
    values = {
        f"{name}_{score}{end}": entry[key]
        for entries, keys in ((_all_scores(record), ends), (drops, bounds))
        for score, entry in entries.items()
        for end, key in keys.items()
    }
    _log_metrics(client, run_id, values, 0)


def log_rescored(folder: str | Path, part: str | Path | None = None) -> None:
    """Log the results of an evaluation to the MLflow run of the training, where there is one.

    It is no new run. Where MLflow cannot be reached, one warning says so.

    Args:
        folder: the run's folder.
        part: the folder in it with the results, where other images than the run's fold were scored.
    """
    path = Path(folder) / RECORD
    if idist.get_rank() != 0 or not path.is_file():
        return
    record = json.loads(path.read_text(encoding="utf-8"))
    other = part is not None and Path(part) != Path(folder)
    try:
        client = _client(record["tracking_uri"])
        if other:
            log_part(client, record["run_id"], Path(folder), Path(str(part)))
        else:
            log_results(client, record["run_id"], Path(folder))
    except Exception as error:  # the files are written; a store that is away must not fail them
        _LOG.warning(
            f"MLflow at {record['tracking_uri']} cannot be written ({first_line(error)}); "
            f"{folder} holds all results"
        )


def begin_run(folder: Path, experiment: str) -> tuple[Any, str, bool]:
    """Make the MLflow run of a folder that is of no single training, or take up its earlier one.

    The folder's ``mlflow.json`` names the run from then on.

    Args:
        folder: of which the run is.
        experiment: MLflow experiment.

    Returns:
        An ``MlflowClient``, the run's id, and whether the run is new.
    """
    path = folder / RECORD
    before = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    known = before.get("tracking_uri")
    uri = os.environ.get("MLFLOW_TRACKING_URI") or known or tracking_uri()
    earlier = before.get("run_id") if _without_password(uri) == known else None
    with _alone(uri):
        client = _client(uri)
        run_id = earlier or _create_run(client, experiment, folder.name, uri)
    if earlier:
        client.update_run(run_id, status="RUNNING")
    record = {"tracking_uri": _without_password(uri), "run_id": run_id}
    write_text(path, json.dumps(record, indent=2) + "\n")
    return client, run_id, earlier is None


def log_tags(folder: str | Path, tags: Mapping[str, str], file: str) -> None:
    """Log tags, and a file of a run's folder, to the MLflow run of a training that has ended.

    Nothing is logged where the training was not tracked. Where MLflow cannot be reached, one
    warning says so.

    Args:
        folder: the run's folder.
        tags: values by name.
        file: name of a file in the folder.
    """
    path = Path(folder) / RECORD
    if not path.is_file():
        return
    record = json.loads(path.read_text(encoding="utf-8"))
    try:
        client = _client(record["tracking_uri"])
        for name, value in tags.items():
            client.set_tag(record["run_id"], name, value)
        client.log_artifact(record["run_id"], str(Path(folder) / file))
    except Exception as error:  # the file is written; a store that is away must not fail it
        _LOG.warning(
            f"MLflow at {record['tracking_uri']} cannot be written ({first_line(error)}); "
            f"{folder} holds all results"
        )


def flat_parameters(config: Mapping[str, Any]) -> dict[str, str]:
    """A configuration's values by dotted name, as text of at most 500 characters.

    Examples:
        >>> flat_parameters({"optimizer": {"_target_": "Adam", "lr": 0.1}, "run": "$0"})
        {'optimizer': 'Adam', 'optimizer.lr': '0.1'}
    """
    chosen = {k: v for k, v in config.items() if k not in _NOT_PARAMETERS}
    return {name: str(value)[:_LONGEST_PARAMETER] for name, value in _leaves(chosen, "")}


def _leaves(node: Any, name: str) -> Iterator[tuple[str, Any]]:
    if isinstance(node, Mapping):
        for key, value in node.items():
            child = name if key == "_target_" else f"{name}.{key}" if name else str(key)
            yield from _leaves(value, child)
    elif isinstance(node, list) and any(isinstance(value, Mapping | list) for value in node):
        for index, value in enumerate(node):
            yield from _leaves(value, f"{name}.{index}")
    else:
        yield name, node


def _client(uri: str) -> Any:
    """A client that gives up after seconds where MLflow itself would try for minutes."""
    for name, value in CLIENT_SETTINGS.items():
        os.environ.setdefault(name, value)
    database = _database(uri)
    if database is not None:
        database.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(database, timeout=5)) as connection:
            connection.execute("BEGIN IMMEDIATE")  # raises where it cannot be written
    from mlflow.tracking import MlflowClient  # takes seconds, so not at the top

    return MlflowClient(uri)


@contextmanager
def _alone(uri: str) -> Iterator[None]:
    """Let one training at a time make the tables and the experiment of a local store."""
    database = _database(uri)
    if database is None:
        yield
        return
    database.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{database}.lock", timeout=60):
        yield


def _database(uri: str) -> Path | None:
    """The file of a SQLite store; None for a server."""
    if not uri.startswith("sqlite:///"):
        return None
    return Path(uri.removeprefix("sqlite:///").partition("?")[0]).absolute()


def _create_run(client: Any, experiment: str, name: str, uri: str) -> str:
    found = client.get_experiment_by_name(experiment)
    if found is not None:
        experiment_id = found.experiment_id
    else:
        # Beside the database: MLflow's default, mlruns, may be an old file store.
        database = _database(uri)
        local = (database.parent / "mlartifacts" / experiment).as_uri() if database else None
        experiment_id = client.create_experiment(experiment, artifact_location=local)
    return client.create_run(experiment_id, run_name=name).info.run_id


def _log_parameters(client: Any, run_id: str | None, config: Mapping[str, Any]) -> None:
    from mlflow.entities import Param

    values = [Param(name, value) for name, value in flat_parameters(config).items()]
    for start in range(0, len(values), 100):  # MLflow takes at most 100 at once
        client.log_batch(run_id, params=values[start : start + 100])


def _log_metrics(client: Any, run_id: str | None, values: Mapping[str, Any], step: int) -> None:
    from mlflow.entities import Metric

    now = int(time.time() * 1000)
    metrics = [
        Metric(name, float(value), now, step)
        for name, value in values.items()
        if isinstance(value, int | float) and value == value  # MLflow stores NaN as 0
    ]
    client.log_batch(run_id, metrics=metrics)


def _environment_tags() -> dict[str, str]:
    import monai
    import torch

    tags = {
        "version.med2d": __version__,
        "version.monai": monai.__version__,
        "version.torch": torch.__version__,
        "version.python": sys.version.split()[0],
    }
    commit = git_commit()
    return {**tags, "mlflow.source.git.commit": commit} if commit else tags


def _run_tags(folder: Path) -> dict[str, str]:
    metadata = json.loads((folder / "configs" / "metadata.json").read_text(encoding="utf-8"))
    config = recorded(folder)
    tags = {"dataset": config[DIGEST], "version.bundle": metadata["version"], **record_tags(folder)}
    return {**tags, LEAKY: "true"} if config.get(LEAKY) else tags
