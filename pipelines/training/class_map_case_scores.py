"""Score an evaluator's class maps one by one, at native resolution, into a table of cases."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from ignite.engine import Engine, Events

from pipelines.evaluation.cases import FLAGS, case_table
from pipelines.evaluation.class_map_scores import point_scores
from pipelines.evaluation.class_maps import (
    border_scores,
    class_map_columns,
    class_map_row,
    pixel_confusion,
)
from pipelines.evaluation.surface_dice import TOLERANCE
from pipelines.training.case_scores import check_sizes
from pipelines.training.processes import gathered


class ClassMapScores:
    """Collects a row for each image and puts the epoch's scores into the engine's metrics.

    It is attached as a handler, or as a metric of the engine (then ``name`` is what the engine
    compares; the other scores stand beside it). All scores are computed from the rows of all
    processes, so that neither the batch size nor the number of processes changes one.

    The engine's output, after its postprocessing, is a list of dictionaries with ``pred`` and
    ``label``, class indices of shape (1, height, width) at native resolution; its batch holds
    ``id``, ``group`` and ``class``, and may hold ``fold`` and ``flags``.

    Args:
        labels: the class names in the order of their indices.
        scores: which scores (those of ``pipelines.evaluation.class_map_scores.point_scores``)
            become metrics of the engine, and under which names; None for none: then only ``table``
            is filled.
        tolerance: of the surface Dice, pixels; None leaves it out, which saves half the time.
    """

    def __init__(
        self,
        labels: Sequence[str],
        scores: Mapping[str, str] | None = None,
        tolerance: float | None = TOLERANCE,
    ) -> None:
        self.labels = list(labels)
        self.columns = class_map_columns(self.labels)
        self.scores = dict(scores or {})
        self.tolerance = tolerance
        self.rows: list[dict[str, Any]] = []
        self.table = case_table([], self.columns)

    def attach(self, engine: Engine, name: str | None = None) -> None:
        """Collect at every iteration of ``engine``, score at the end of its epoch."""
        engine.add_event_handler(Events.EPOCH_STARTED, self._start)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self._collect)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self._score)

    def _start(self, engine: Engine) -> None:
        self.rows = []

    def _collect(self, engine: Engine) -> None:
        for item, output in zip(engine.state.batch, engine.state.output, strict=True):
            check_sizes(str(item["id"]), output["pred"].shape, output["label"].shape)
            fold = item.get("fold")
            known: dict[str, Any] = {name: str(item[name]) for name in ("id", "group", "class")}
            known |= {"fold": None if fold is None else int(fold), FLAGS: item.get("flags", "")}
            self.rows.append(self._row(known, _indices(output["pred"]), _indices(output["label"])))

    def _row(self, known: Mapping[str, Any], prediction: Any, truth: Any) -> dict[str, Any]:
        classes = len(self.labels)
        borders = (
            [math.nan] * classes
            if self.tolerance is None
            else border_scores(prediction, truth, classes, self.tolerance)
        )
        confusion = pixel_confusion(prediction, truth, classes)
        return class_map_row(known, confusion, borders, self.labels)

    def _score(self, engine: Engine) -> None:
        self.table = case_table(gathered(self.rows), self.columns)
        if not self.scores:
            return
        values = point_scores(self.table, self.labels)
        for score, name in self.scores.items():
            value = values.get(score)
            engine.state.metrics[name] = math.nan if value is None else value


def _indices(tensor: torch.Tensor) -> Any:
    """Class indices (height, width)."""
    plain = tensor.as_tensor() if hasattr(tensor, "as_tensor") else tensor
    return plain[0].to(torch.int64).cpu().numpy()
