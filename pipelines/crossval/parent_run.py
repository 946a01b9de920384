"""The MLflow run above those of the trainings: common settings, pooled scores, tables."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pipelines.crossval.plan import Plan
from pipelines.crossval.pooled import Pooled
from pipelines.datasets.dataset import LEAKY
from pipelines.errors import first_line
from pipelines.training.tracking import PARENT, begin_run, flat_parameters

_LOG = logging.getLogger("med2d")
_OF_A_RUN = ("fold", "seed", "output_dir")
_AT_ONCE = 100  # parameters that MLflow takes at once


class ParentRun:
    """Follows a cross-validation with one MLflow run; nothing depends on it.

    A cross-validation that goes on goes on with the run that its folder names. Where MLflow cannot
    be reached, one warning says so. Where the bundle does not track, neither does this.

    Args:
        plan: the cross-validation.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.experiment = _experiment(plan.config)
        self.client: Any = None
        self.run_id: str | None = None

    def begin(self) -> dict[str, str]:
        """Makes the run, or takes it up.

        Returns:
            Variables of the environment that make a training's run a child of it.
        """
        if self.experiment is None or not self._safely(self._open):
            return {}
        return {PARENT: str(self.run_id)}

    def log(self, pooled: Pooled, folder: Path, files: list[str]) -> None:
        """Logs the pooled scores and the files that hold them."""
        self._safely(lambda: self._log(pooled, folder, files))

    def end(self, status: str) -> None:
        """Ends the run as ``FINISHED``, ``FAILED`` or ``KILLED``."""
        self._safely(lambda: self.client.set_terminated(self.run_id, status))

    def _safely(self, action: Callable[[], Any]) -> bool:
        """Whether an action on MLflow succeeded; a failure is told, and is the last one."""
        if self.experiment is None:
            return False
        try:
            action()
        except Exception as error:  # whatever MLflow or its store raises must not stop anything
            _LOG.warning(
                f"MLflow cannot be reached or written ({first_line(error)}); the cross-validation "
                f"goes on without a run of its own; {self.plan.folder} holds all results"
            )
            self.experiment = None
            return False
        return True

    def _open(self) -> None:
        self.client, self.run_id, is_new = begin_run(self.plan.folder, str(self.experiment))
        if is_new:
            self._log_settings()
        tags = {"dataset": self.plan.dataset_digest, "crossval": "parent"}
        tags |= {"folds": _joined(self.plan.folds), "seeds": _joined(self.plan.seeds)}
        tags |= {LEAKY: "true"} if self.plan.dataset.leaky else {}
        for key, value in tags.items():
            self.client.set_tag(self.run_id, key, value)

    def _log_settings(self) -> None:
        """Logs the settings that all runs have in common."""
        from mlflow.entities import Param

        common = {k: v for k, v in self.plan.config.items() if k not in _OF_A_RUN}
        values = [Param(name, value) for name, value in flat_parameters(common).items()]
        for start in range(0, len(values), _AT_ONCE):
            self.client.log_batch(self.run_id, params=values[start : start + _AT_ONCE])

    def _log(self, pooled: Pooled, folder: Path, files: list[str]) -> None:
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        metrics = [
            Metric(name, float(value), now, seed)
            for name, value, seed in _metrics(pooled)
            if value is not None
        ]
        self.client.log_batch(self.run_id, metrics=metrics)
        for name in files:
            self.client.log_artifact(self.run_id, str(folder / name))


def _metrics(pooled: Pooled) -> Iterator[tuple[str, float | None, int]]:
    """Yields name, value and step: scores of a seed at the step of its number, then the spread."""
    for seed, content in pooled.by_seed.items():
        entries = {**content["scores"], **content.get("froc", {}).get("scores", {})}
        for name, entry in entries.items():
            ends = (("", "value"), ("_low", "low"), ("_high", "high"), ("_n", "n"))
            yield from ((f"score_{name}{end}", entry[key], seed) for end, key in ends)
    for name, entry in pooled.spread["scores"].items():
        yield from ((f"score_{name}_{key}", entry[key], 0) for key in ("mean", "sd"))
    for name, entry in (pooled.together or {"scores": {}})["scores"].items():
        yield f"seeds_together_{name}", entry["value"], 0


def _experiment(config: Mapping[str, Any]) -> str | None:
    """Gives the experiment of the trainings' runs; None where they are not tracked."""
    handlers = config.get("train", {}).get("handlers", [])
    for handler in handlers if isinstance(handlers, list) else []:
        is_tracking = str(handler.get("_target_", "")).endswith(".Tracking")
        if is_tracking and not handler.get("_disabled_"):
            return str(handler.get("experiment", "med2d"))
    return None


def _joined(numbers: tuple[int, ...]) -> str:
    return ",".join(map(str, numbers))
