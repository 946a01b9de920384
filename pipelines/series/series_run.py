"""The MLflow run above those of a series of trainings."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from pipelines.datasets.dataset import Dataset, digest
from pipelines.datasets.dataset_difference import recorded_content
from pipelines.errors import first_line
from pipelines.training.run_folder import DIGEST
from pipelines.training.tracked_dataset import log_whole_dataset
from pipelines.training.tracked_parameters import log_parameters, run_parameters
from pipelines.training.tracked_tables import write_tables
from pipelines.training.tracking_runs import PARENT, begin_run
from pipelines.training.tracking_store import STORE, tracking_uri

_LOG = logging.getLogger("med2d")


class SeriesRun:
    """Follows a series with one MLflow run; nothing depends on it.

    A series that goes on goes on with the run that its folder names. Where MLflow cannot be
    reached, one warning says so. Where the bundle does not track, neither does this.

    Args:
        what: the kind of series, such as ``cross-validation``, for the warning.
        folder: of the series.
        experiment: of the run; None where nothing is tracked.
        settings: that all trainings have in common.
        tags: of the run.
        dataset: of all trainings, for the run's parameters and inputs; None where they are told
            nothing of it.
    """

    def __init__(
        self,
        what: str,
        folder: Path,
        experiment: str | None,
        settings: Mapping[str, Any],
        tags: Mapping[str, str],
        dataset: Dataset | None = None,
    ) -> None:
        self.what = what
        self.folder = folder
        self.experiment = experiment
        self.settings = settings
        self.tags = tags
        self.dataset = dataset
        self.client: Any = None
        self.run_id: str | None = None

    def begin(self) -> dict[str, str]:
        """Makes the run, or takes it up.

        Returns:
            Variables of the environment that make a training's run a child of it. The store is
            among them where a training would take another: that of this working folder.
        """
        if self.experiment is None or not self.safely(self._open):
            return {}
        store = str(self.client.tracking_uri)
        return {PARENT: str(self.run_id), **({} if store == tracking_uri() else {STORE: store})}

    def log_tables(self, tables: Mapping[str, pd.DataFrame]) -> None:
        """Logs tables, by name, that the MLflow UI shows."""
        self.safely(lambda: write_tables(self.client, self.run_id, tables))

    def log(self, metrics: Iterable[tuple[str, float | None, int]], files: Iterable[str]) -> None:
        """Logs values by name and step, but for those that are None, and files of the folder."""
        self.safely(lambda: self._log(metrics, files))

    def end(self, status: str) -> None:
        """Ends the run as ``FINISHED``, ``FAILED`` or ``KILLED``."""
        self.safely(lambda: self.client.set_terminated(self.run_id, status))

    def safely(self, action: Callable[[], Any]) -> bool:
        """Whether an action on MLflow succeeded; a failure is told, and is the last one."""
        if self.experiment is None:
            return False
        try:
            action()
        except Exception as error:  # whatever MLflow or its store raises must not stop anything
            _LOG.warning(
                f"MLflow cannot be reached or written ({first_line(error)}); the {self.what} "
                f"goes on without a run of its own; {self.folder} holds all results"
            )
            self.experiment = None
            return False
        return True

    def _open(self) -> None:
        self.client, self.run_id, is_new = begin_run(self.folder, str(self.experiment))
        if is_new:
            log_parameters(self.client, self.run_id, self._parameters())
            if self.dataset is not None:
                log_whole_dataset(self.client, self.run_id, self.dataset, self.what)
        for key, value in self.tags.items():
            self.client.set_tag(self.run_id, key, value)

    def _parameters(self) -> dict[str, str]:
        if self.dataset is None:
            return run_parameters(self.settings)
        settings = {**self.settings, DIGEST: digest(self.dataset)}
        return run_parameters(settings, recorded_content(self.dataset))

    def _log(self, metrics: Iterable[tuple[str, float | None, int]], files: Iterable[str]) -> None:
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        known = [(name, value, step) for name, value, step in metrics if value is not None]
        entries = [Metric(name, float(value), now, step) for name, value, step in known]
        self.client.log_batch(self.run_id, metrics=entries)
        for name in files:
            self.client.log_artifact(self.run_id, str(self.folder / name))


def experiment_of(config: Mapping[str, Any]) -> str | None:
    """Gives the experiment of the trainings' runs; None where they are not tracked."""
    handlers = config.get("train", {}).get("handlers", [])
    for handler in handlers if isinstance(handlers, list) else []:
        is_tracking = str(handler.get("_target_", "")).endswith(".Tracking")
        if is_tracking and not handler.get("_disabled_"):
            return str(handler.get("experiment", "med2d"))
    return None
