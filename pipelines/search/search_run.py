"""The MLflow run of a search, above those of its trials."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock

from pipelines.atomic import write_text
from pipelines.datasets.dataset import LEAKY
from pipelines.search.plan import Plan
from pipelines.search.space import label_of
from pipelines.series.series_run import SeriesRun, experiment_of
from pipelines.training.tracking_runs import RECORD

if TYPE_CHECKING:
    from optuna import Study

    from pipelines.search.study import Task
    from pipelines.search.trial_run import Outcome

_SHARED = "mlflow"  # attribute of the study: the run of the search, for other processes
_ENDS = {"failed": "FAILED", "stopped": "KILLED"}


class SearchRun(SeriesRun):
    """Follows a search with one MLflow run, which all its processes share; nothing depends on it.

    Args:
        plan: the search.
        study: names the run for processes with other folders.
    """

    def __init__(self, plan: Plan, study: Study) -> None:
        tags = {"dataset": plan.dataset_digest, "search": "parent", "study": plan.study}
        tags |= {"metric": plan.metric, **({LEAKY: "true"} if plan.dataset.leaky else {})}
        own = {*plan.space, "output_dir"}
        super().__init__(
            "search",
            plan.folder,
            experiment_of(plan.config),
            {name: value for name, value in plan.config.items() if name not in own},
            tags,
        )
        self.study = study

    def begin(self) -> dict[str, str]:
        """Makes the run, or takes up that of another process of the search."""
        if self.experiment is None:
            return {}
        with FileLock(self.folder / ".mlflow.lock"):
            shared = self.study.user_attrs.get(_SHARED)
            if shared and not (self.folder / RECORD).is_file() and _is_reachable(shared):
                write_text(self.folder / RECORD, json.dumps(shared, indent=2) + "\n")
            variables = super().begin()
            if variables and not shared:
                record = json.loads((self.folder / RECORD).read_text(encoding="utf-8"))
                self.study.set_user_attr(_SHARED, record)
        return variables

    def log_trial(self, task: Task, outcome: Outcome) -> None:
        """Tells the run of a trial what was drawn, and what came of it."""
        path = task.folder / RECORD
        if path.is_file():
            run_id = json.loads(path.read_text(encoding="utf-8"))["run_id"]
            self.safely(lambda: self._log_trial(run_id, task, outcome))

    def log_results(self, rows: Iterable[Mapping[str, Any]], files: Iterable[str]) -> None:
        """Logs the value of each trial at the step of its number, the best one, and files."""
        values = {row["number"]: row["value"] for row in rows if row["state"] == "complete"}
        metrics = [("trial_value", value, number) for number, value in values.items()]
        best = [("best_value", max(values.values()), 0)] if values else []
        self.log([*metrics, *best], files)

    def _log_trial(self, run_id: str, task: Task, outcome: Outcome) -> None:
        tags = {"trial": str(task.number), "trial_state": outcome.state}
        tags |= {"trial_error": outcome.error} if outcome.error else {}
        for name, value in tags.items():
            self.client.set_tag(run_id, name, value)
        for name, value in task.drawn.items():
            self.client.log_param(
                run_id, f"search.{name.replace('::', '.')}", label_of(value)[:500]
            )
        if outcome.value is not None:
            self.client.log_metric(run_id, "trial_value", outcome.value)
        if outcome.state in _ENDS:  # a killed process could not say so itself
            self.client.set_terminated(run_id, _ENDS[outcome.state])


def _is_reachable(record: Mapping[str, str]) -> bool:
    """Whether the store of another process's run can be one for this process, too."""
    uri = record["tracking_uri"]
    return not uri.startswith("sqlite:///") or Path(uri.removeprefix("sqlite:///")).is_file()
