"""Tell in a run's record what the temperature does on the fold that is scored."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import ignite.distributed as idist
from ignite.engine import Engine, Events

from pipelines.atomic import write_text
from pipelines.evaluation.calibration_statistics import calibration_entries
from pipelines.training.class_scores import ClassScores
from pipelines.training.tracked_results import CALIBRATION


class ScoredCalibration:
    """Adds ``scored`` to ``calibration.json``: scores before and after, with their intervals.

    Nothing is fitted here. A folder without ``calibration.json`` stays as it is. Stands behind
    ``cases`` in the list of the scoring evaluator.

    Args:
        cases: the handler that collects the scored images.
        labels: the class names in the order of their indices.
        folder: the folder of the results.
    """

    def __init__(self, cases: ClassScores, labels: Sequence[str], folder: str | Path) -> None:
        self.cases = cases
        self.labels = list(labels)
        self.path = Path(folder) / CALIBRATION

    def attach(self, engine: Engine) -> None:
        """Add when the evaluator ``engine`` has completed."""
        engine.add_event_handler(Events.COMPLETED, lambda _: self.add())

    def add(self) -> None:
        """Add the scores of the collected images."""
        if idist.get_rank() != 0 or not self.path.is_file():
            return
        after = self.cases.table
        before = after if self.cases.uncalibrated is None else self.cases.uncalibrated
        tables = {"before": before, "after": after}
        scored = {name: calibration_entries(table, self.labels) for name, table in tables.items()}
        content = {**json.loads(self.path.read_text(encoding="utf-8")), "scored": scored}
        write_text(self.path, json.dumps(content, indent=2) + "\n")
