"""Score an evaluator's images one by one, at native resolution, into a table of cases."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from ignite.engine import Engine, Events

from pipelines.errors import InputError
from pipelines.evaluation.cases import FLAGS, case_table
from pipelines.evaluation.scores import point_scores
from pipelines.evaluation.segmentation import case_counts, case_row
from pipelines.training.processes import gathered


class CaseScores:
    """Collects a row for each image and puts the epoch's scores into the engine's metrics.

    It is attached as a handler, or as a metric of the engine (then ``name`` is what the engine
    compares; the other scores stand beside it). All scores are computed from the rows of all
    processes, so that neither the batch size nor the number of processes changes one.

    The engine's output, after its postprocessing, is a list of dictionaries with ``pred`` and
    ``label``, binary tensors of shape (1, height, width) at native resolution; its batch holds
    ``id``, ``group`` and ``class``, and may hold ``fold`` and ``flags``.

    Args:
        scores: which scores (keys of ``pipelines.evaluation.scores.SCORES``) become metrics of the
            engine, and under which names; None for none: then only ``table`` is filled.
    """

    def __init__(self, scores: Mapping[str, str] | None = None) -> None:
        self.scores = dict(scores or {})
        self.rows: list[dict[str, Any]] = []
        self.table = case_table([])

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
            counts = case_counts(_mask(output["pred"]), _mask(output["label"]))
            fold = item.get("fold")
            row = case_row(
                str(item["id"]),
                str(item["group"]),
                None if fold is None else int(fold),
                item["class"],
                counts,
            )
            self.rows.append({**row, FLAGS: item.get("flags", "")})

    def _score(self, engine: Engine) -> None:
        self.table = case_table(gathered(self.rows))
        if not self.scores:
            return
        values = point_scores(self.table)
        for score, name in self.scores.items():
            value = values[score]
            engine.state.metrics[name] = math.nan if value is None else value


def check_sizes(name: str, predicted: Sequence[int], truth: Sequence[int]) -> None:
    """Refuse a prediction that was not brought back to the image's own size.

    MONAI's ``Invertd`` does nothing, in silence, where a prediction has lost its metadata.

    Args:
        name: of the image.
        predicted: shape of the prediction.
        truth: shape of the mask.

    Raises:
        InputError: they differ.
    """
    if tuple(predicted) != tuple(truth):
        raise InputError(
            f"{name}: the prediction has the shape {tuple(predicted)} and its mask {tuple(truth)}; "
            "expected one shape, (1, height, width). Postprocessing must bring the prediction back "
            "to the image's own size: keep Invertd, and a network and inferer that answer a "
            "MetaTensor by a MetaTensor"
        )


def _mask(tensor: torch.Tensor) -> Any:
    plain = tensor.as_tensor() if hasattr(tensor, "as_tensor") else tensor
    return (plain[0] > 0).cpu().numpy()
