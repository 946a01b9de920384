"""What is made of the cases of a scored classification."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from pipelines.datasets.dataset import Dataset
from pipelines.evaluation.cases import LEAKY, Column, is_leaky
from pipelines.evaluation.class_pictures import draw_class_pictures
from pipelines.evaluation.classification import classification_columns, classification_scores


class ClassificationResults:
    """Columns, scores and pictures of a classification.

    Args:
        labels: the class names in the order of their indices.

    Attributes:
        columns: the columns of cases.csv.
        pictures: name of the folder of the pictures, in the run's folder.
    """

    pictures = "plots"

    def __init__(self, labels: Sequence[str]) -> None:
        self.labels = list(labels)
        self.columns: Mapping[str, Column] = classification_columns(self.labels)

    def scores(self, cases: pd.DataFrame) -> dict[str, Any]:
        """Compute every score with its interval; see ``classification_scores``."""
        return {LEAKY: is_leaky(cases), **classification_scores(cases, self.labels)}

    def draw(
        self, cases: pd.DataFrame, scores: Mapping[str, Any], dataset: Dataset, folder: Path
    ) -> None:
        """Draw confusion matrix, ROC and precision-recall curves and the reliability diagram.

        Args:
            cases: the table of cases.
            scores: what ``scores`` gave for it.
            dataset: the dataset that the cases are of.
            folder: the run's folder.
        """
        remark = "leaky split: too good" if is_leaky(cases) else ""
        draw_class_pictures(cases, self.labels, scores["confusion"], folder / self.pictures, remark)
