"""What is made of the cases of a scored classification."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from pipelines.datasets.dataset import Dataset
from pipelines.evaluation.calibration_statistics import calibration_entries
from pipelines.evaluation.cases import LEAKY, Column, is_leaky
from pipelines.evaluation.class_pictures import draw_class_pictures
from pipelines.evaluation.classification import classification_columns
from pipelines.evaluation.classification_scores import classification_scores
from pipelines.training.class_mistakes import draw_mistakes
from pipelines.training.class_scores import ClassScores

UNCALIBRATED = "uncalibrated"
"""The scores before a temperature in scores.json, and the table that they are made of."""

_BESIDE = ("brier", "calibration_error")


class ClassificationResults:
    """Columns, scores and pictures of a classification.

    Args:
        labels: the class names in the order of their indices.
        network: the network that is scored, for the heat maps of its mistakes; without it these are
            not drawn.
        preprocessing: that of the scoring; needed with ``network``.
        cases: the handler that collects the cases; where it has them before a temperature, too,
            ``uncalibrated.csv`` holds these, and scores and reliability diagram show both.

    Attributes:
        columns: the columns of cases.csv.
        pictures: name of the folder of the pictures, in the run's folder.
        tables: further tables beside cases.csv, when the scores are computed.
    """

    pictures = "plots"

    def __init__(
        self,
        labels: Sequence[str],
        network: torch.nn.Module | None = None,
        preprocessing: Callable[[dict[str, Any]], Any] | None = None,
        cases: ClassScores | None = None,
    ) -> None:
        self.labels = list(labels)
        self.network = network
        self.preprocessing = preprocessing
        self.cases = cases
        self.tables: Mapping[str, pd.DataFrame] = {}
        self.columns: Mapping[str, Column] = classification_columns(self.labels)

    def scores(self, cases: pd.DataFrame) -> dict[str, Any]:
        """Compute every score with its interval; see ``classification_scores``.

        ``uncalibrated`` has those that a temperature has changed as they were before.
        """
        scores = {LEAKY: is_leaky(cases), **classification_scores(cases, self.labels)}
        plain = None if self.cases is None else self.cases.uncalibrated
        if plain is None:
            self.tables = {}
            return scores
        self.tables = {f"{UNCALIBRATED}.csv": plain.assign(**{LEAKY: int(is_leaky(cases))})}
        entries = calibration_entries(plain, self.labels)
        return {**scores, UNCALIBRATED: {name: entries[name] for name in _BESIDE}}

    def draw(
        self, cases: pd.DataFrame, scores: Mapping[str, Any], dataset: Dataset, folder: Path
    ) -> None:
        """Draw the confusion matrix, the curves, the reliability diagram and confident mistakes.

        Args:
            cases: the table of cases.
            scores: what ``scores`` gave for it.
            dataset: the dataset that the cases are of.
            folder: the run's folder.
        """
        remark = "leaky split: too good" if is_leaky(cases) else ""
        target = folder / self.pictures
        plain = None if self.cases is None else self.cases.uncalibrated
        draw_class_pictures(cases, self.labels, scores["confusion"], target, remark, plain)
        if self.network is not None and self.preprocessing is not None:
            parts = (dataset, self.network, self.preprocessing)
            draw_mistakes(cases, self.labels, *parts, target, remark)
