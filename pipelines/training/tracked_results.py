"""The results of a run's folder in its MLflow run: files, pictures, tables, scores with bounds."""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import ignite.distributed as idist

from pipelines.datasets.dataset import LEAKY
from pipelines.errors import first_line
from pipelines.training.tracked_tables import log_tables
from pipelines.training.tracking_runs import RECORD, recorded_run
from pipelines.training.tracking_store import store_client

_LOG = logging.getLogger("med2d")

CALIBRATION = "calibration.json"
"""The temperature of a classification, and what it reached, in a run's folder."""
ARTIFACTS = (
    *("config.json", "record.json", "dataset_items.json", "machine.json"),
    *("history.csv", "candidates.csv", "operating_point.json", CALIBRATION),
    *("cases.csv", "uncalibrated.csv", "regions.csv", "scores.json", "model.pt"),
)
"""Files of a run's folder that are logged when it ends, where they are there."""
CONFIGS = "configs"
"""Folder with what makes a run's folder a bundle of its own; logged with them."""

_PICTURES = ("curves", "overlays", "plots")


def log_results(client: Any, run_id: str | None, folder: Path) -> None:
    """Log a run folder's results to its MLflow run: files, pictures, tables, scores with bounds.

    The scores are metrics below ``score/``, which the MLflow UI shows as a section of their own.

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
            f"score/{name}{end}": entry[key]
            for name, entry in all_scores(record).items()
            for end, key in (("", "value"), ("_low", "low"), ("_high", "high"), ("_n", "n"))
        }
        log_metrics(client, run_id, values, 0)
        log_tables(client, run_id, folder, record)
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
        f"calibration/{name}_{when}": value
        for when, scores in record["validation"].items()
        for name, value in scores.items()
    }
    log_metrics(client, run_id, {"temperature": record["temperature"], **values}, 0)


def all_scores(record: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The scores of all images by name, and those of each class by name and class.

    Those before a temperature end in ``uncalibrated``.

    Args:
        record: with ``scores``, and ``by_class`` and ``uncalibrated`` where there are any.
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
        f"{name}/{score}{end}": entry[key]
        for entries, keys in ((all_scores(record), ends), (drops, bounds))
        for score, entry in entries.items()
        for end, key in keys.items()
    }
    log_metrics(client, run_id, values, 0)
    log_tables(client, run_id, part, record, place)


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
    uri, run_id = recorded_run(Path(folder))
    other = part is not None and Path(part) != Path(folder)
    try:
        client = store_client(str(uri))
        if other:
            log_part(client, run_id, Path(folder), Path(str(part)))
        else:
            log_results(client, run_id, Path(folder))
    except Exception as error:  # the files are written; a store that is away must not fail them
        _warn(uri, error, folder)


def log_tags(folder: str | Path, tags: Mapping[str, str], file: str) -> None:
    """Log tags, and a file of a run's folder, to the MLflow run of a training that has ended.

    Nothing is logged where the training was not tracked. Where MLflow cannot be reached, one
    warning says so.

    Args:
        folder: the run's folder.
        tags: values by name.
        file: name of a file in the folder.
    """
    if not (Path(folder) / RECORD).is_file():
        return
    uri, run_id = recorded_run(Path(folder))
    try:
        client = store_client(str(uri))
        for name, value in tags.items():
            client.set_tag(run_id, name, value)
        client.log_artifact(run_id, str(Path(folder) / file))
    except Exception as error:  # the file is written; a store that is away must not fail it
        _warn(uri, error, folder)


def _warn(uri: str | None, error: Exception, folder: str | Path) -> None:
    _LOG.warning(
        f"MLflow at {uri} cannot be written ({first_line(error)}); {folder} holds all results"
    )


def log_metrics(
    client: Any,
    run_id: str | None,
    values: Mapping[str, Any],
    step: int,
    milliseconds: int | None = None,
) -> None:
    """Log the numbers among some values to an MLflow run.

    Args:
        client: an ``MlflowClient``.
        run_id: the MLflow run.
        values: by name; what is no number, or NaN, is left out (MLflow would store NaN as 0).
        step: of all of them.
        milliseconds: when they came to be, since 1970; now where not given. The same ones twice
            are stored once.
    """
    from mlflow.entities import Metric

    when = int(time.time() * 1000) if milliseconds is None else milliseconds
    metrics = [
        Metric(name, float(value), when, step)
        for name, value in values.items()
        if isinstance(value, int | float) and value == value
    ]
    client.log_batch(run_id, metrics=metrics)
