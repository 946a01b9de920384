"""Whether a folder, or a run of MLflow, is of one training, and not of a series of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pipelines.errors import InputError
from pipelines.training.run_folder import CONFIG

SERIES = {
    "crossval": "a cross-validation; name one of its runs",
    "search": "a search; train with its best_variant.json, and name that run",
}
"""What has its record in ``<key>.json`` of its folder, and a tag ``<key>`` in MLflow."""
PARENT = "parent"
"""Value of the tag."""


def check_run_folder(folder: Path) -> None:
    """Refuses a folder that holds no run of its own.

    Args:
        folder: that exists.

    Raises:
        InputError: it is that of a series, or holds no run.
    """
    for kind, told in SERIES.items():
        if (folder / f"{kind}.json").is_file():
            raise InputError(f"{folder} is the folder of {told}")
    if not (folder / CONFIG).is_file():
        raise InputError(f"{folder} holds no run ({CONFIG} is missing); name the folder of a run")


def check_run_tags(run_id: str, tags: Mapping[str, str]) -> None:
    """Refuses an MLflow run that is of a series.

    Args:
        run_id: of the MLflow run.
        tags: of the run.

    Raises:
        InputError: it is that of a series.
    """
    for kind, told in SERIES.items():
        if tags.get(kind) == PARENT:
            raise InputError(f"MLflow run {run_id} is of {told}")
