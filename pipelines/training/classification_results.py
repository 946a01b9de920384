"""What is made of the cases of a scored classification."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd
import torch

from pipelines.datasets.dataset import Dataset
from pipelines.evaluation.cases import LEAKY, Column, is_leaky
from pipelines.evaluation.class_pictures import draw_class_pictures
from pipelines.evaluation.classification import classification_columns
from pipelines.evaluation.classification_scores import classification_scores
from pipelines.training.class_mistakes import draw_mistakes


class ClassificationResults:
    """Columns, scores and pictures of a classification.

    Args:
        labels: the class names in the order of their indices.
        network: the network that is scored, for the heat maps of its mistakes; without it these are
            not drawn.
        preprocessing: that of the scoring; needed with ``network``.

    Attributes:
        columns: the columns of cases.csv.
        pictures: name of the folder of the pictures, in the run's folder.
        tables: further tables beside cases.csv; none.
    """

    pictures = "plots"
    tables: Mapping[str, pd.DataFrame] = MappingProxyType({})

    def __init__(
        self,
        labels: Sequence[str],
        network: torch.nn.Module | None = None,
        preprocessing: Callable[[dict[str, Any]], Any] | None = None,
    ) -> None:
        self.labels = list(labels)
        self.network = network
        self.preprocessing = preprocessing
        self.columns: Mapping[str, Column] = classification_columns(self.labels)

    def scores(self, cases: pd.DataFrame) -> dict[str, Any]:
        """Compute every score with its interval; see ``classification_scores``."""
        return {LEAKY: is_leaky(cases), **classification_scores(cases, self.labels)}

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
        draw_class_pictures(cases, self.labels, scores["confusion"], target, remark)
        if self.network is not None and self.preprocessing is not None:
            parts = (dataset, self.network, self.preprocessing)
            draw_mistakes(cases, self.labels, *parts, target, remark)
