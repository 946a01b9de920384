"""The cases of an MLflow run, fetched from the store that trainings are tracked in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipelines.errors import InputError, first_line
from pipelines.training.tracking_store import apply_client_settings, ui_command

CASES = "cases.csv"


def fetch_cases(run_id: str, uri: str, folder: Path) -> tuple[Path, str, str | None]:
    """Downloads the table of the cases of a run's own fold.

    Args:
        run_id: of the MLflow run.
        uri: of the store, such as ``tracking_uri()``.
        folder: where the file goes; it must exist.

    Returns:
        The file, a name of the run, and the digest of its dataset (None where it has none).

    Raises:
        InputError: the store cannot be reached, knows no such run, or the run has no cases.
    """
    client, run = open_run(run_id, uri)
    try:
        file = Path(client.download_artifacts(run_id, CASES, str(folder)))
    except Exception as error:  # as above
        raise InputError(
            f"MLflow run {run_id} has no {CASES} ({first_line(error)}); it is written when a "
            "training ends"
        ) from None
    name = f"{run.info.run_name} ({run_id[:8]})"
    return file, name, run.data.tags.get("dataset")


def open_run(run_id: str, uri: str) -> tuple[Any, Any]:
    """Opens the store and looks up a run.

    Args:
        run_id: of the MLflow run.
        uri: of the store, such as ``tracking_uri()``.

    Returns:
        The store's client, and the run.

    Raises:
        InputError: the store cannot be reached, or knows no such run.
    """
    _check_database(uri)
    apply_client_settings()
    from mlflow.tracking import MlflowClient  # takes seconds, so not at the top

    try:
        client: Any = MlflowClient(uri)
        return client, client.get_run(run_id)
    except Exception as error:  # whatever MLflow or its store raises
        raise InputError(
            f"MLflow run {run_id} cannot be read ({first_line(error)}); the runs of the store: "
            f"{ui_command(uri)}"
        ) from None


def _check_database(uri: str) -> None:
    """Refuses a database that is not there: MLflow would make an empty one."""
    if uri.startswith("sqlite:///"):
        file = Path(uri.removeprefix("sqlite:///").partition("?")[0])
        if not file.is_file():
            raise InputError(
                f"{file} does not exist; run this in the folder of the trainings, or name their "
                "store by MLFLOW_TRACKING_URI"
            )
