"""Score an evaluator's images one by one into a table of cases of a classification."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import torch
from ignite.engine import Engine, Events

from pipelines.evaluation.cases import case_table
from pipelines.evaluation.classification import classification_columns, classification_row
from pipelines.evaluation.classification_scores import point_scores
from pipelines.training.processes import gathered


class ClassScores:
    """Collects a row for each image and puts the epoch's scores into the engine's metrics.

    It is attached as a handler, or as a metric of the engine (then ``name`` is what the engine
    compares; the other scores stand beside it). All scores are computed from the rows of all
    processes, so that neither the batch size nor the number of processes changes one.

    The engine's output, after its postprocessing, is a list of dictionaries with ``pred``, the
    probabilities (classes,), or (2, classes) with those before a temperature behind them (see
    ``CalibrationInferer``); its batch holds ``id``, ``group`` and ``class``, and may hold ``fold``
    and ``flags``.

    Args:
        labels: the class names in the order of their indices.
        scores: which scores (those of ``classification_scores.point_scores``) become metrics of the
            engine, and under which names; None for none: then only ``table`` is filled.

    Attributes:
        table: the cases.
        uncalibrated: the same with the probabilities before a temperature; None where there is no
            other than 1.
    """

    def __init__(self, labels: Sequence[str], scores: Mapping[str, str] | None = None) -> None:
        self.labels = list(labels)
        self.columns = classification_columns(self.labels)
        self.scores = dict(scores or {})
        self.rows: list[dict[str, Any]] = []
        self.plain_rows: list[dict[str, Any]] = []
        self.table = case_table([], self.columns)
        self.uncalibrated: pd.DataFrame | None = None

    def attach(self, engine: Engine, name: str | None = None) -> None:
        """Collect at every iteration of ``engine``, score at the end of its epoch."""
        engine.add_event_handler(Events.EPOCH_STARTED, self._start)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self._collect)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self._score)

    def _start(self, engine: Engine) -> None:
        self.rows, self.plain_rows = [], []

    def _collect(self, engine: Engine) -> None:
        for item, output in zip(engine.state.batch, engine.state.output, strict=True):
            known = {key: item[key] for key in ("id", "group", "class")}
            fold = item.get("fold")
            known |= {"fold": None if fold is None else int(fold), "flags": item.get("flags", "")}
            given = torch.atleast_2d(output["pred"].detach().double().cpu()).tolist()
            row, *plain = (classification_row(known, each, self.labels) for each in given)
            self.rows.append(row)
            self.plain_rows += plain

    def _score(self, engine: Engine) -> None:
        self.table = case_table(gathered(self.rows), self.columns)
        plain = gathered(self.plain_rows)
        self.uncalibrated = case_table(plain, self.columns) if plain else None
        if not self.scores:
            return
        values = point_scores(self.table, self.labels)
        for score, name in self.scores.items():
            engine.state.metrics[name] = values.get(score, math.nan)
