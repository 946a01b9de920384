"""The files of an MLflow run that a rerun needs, fetched from the store."""

from __future__ import annotations

from pathlib import Path

from pipelines.errors import InputError, first_line
from pipelines.training.run_folder import CONFIG
from pipelines.training.run_record import FILE, ITEMS
from pipelines.training.single_run import check_run_tags
from pipelines.training.tracked_cases import open_run
from pipelines.training.tracked_results import ARTIFACTS, CONFIGS


def fetch_run(run_id: str, uri: str, folder: Path) -> Path:
    """Downloads what a run's folder held: its configuration, its record and its results.

    Args:
        run_id: of the MLflow run.
        uri: of the store, such as ``tracking_uri()``.
        folder: where the files go; it must exist.

    Returns:
        The folder of the run.

    Raises:
        InputError: the store cannot be reached, knows no such run, or the run is of a series, was
            tracked by a med2d that did not record what it began from, or has not ended.
    """
    client, run = open_run(run_id, uri)
    check_run_tags(run_id, run.data.tags)
    try:
        stored = {each.path for each in client.list_artifacts(run_id)}
        for name in (CONFIG, FILE, ITEMS, CONFIGS):
            if name not in stored:
                raise InputError(
                    f"MLflow run {run_id} has no {name}: it was tracked by an older med2d, or did "
                    "not end; name the run's folder, or train again"
                )
        for name in (*ARTIFACTS, CONFIGS):
            if name in stored:
                client.download_artifacts(run_id, name, str(folder))
    except InputError:
        raise
    except Exception as error:  # whatever MLflow or its store raises
        raise InputError(
            f"the files of MLflow run {run_id} cannot be fetched ({first_line(error)}); name the "
            "run's folder"
        ) from None
    return folder
