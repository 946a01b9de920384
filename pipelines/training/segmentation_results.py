"""What is made of the cases of a scored segmentation."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from pipelines.datasets.dataset import Dataset
from pipelines.evaluation.cases import SEGMENTATION_COLUMNS, Column
from pipelines.evaluation.overlays import Sources, draw_overlays
from pipelines.evaluation.scores import segmentation_scores

PREDICTIONS = "predictions"


class SegmentationResults:
    """Columns, scores and pictures of a segmentation.

    Attributes:
        columns: the columns of cases.csv.
        pictures: name of the folder of the pictures, in the run's folder.
    """

    columns: Mapping[str, Column] = SEGMENTATION_COLUMNS
    pictures = "overlays"

    def scores(self, cases: pd.DataFrame) -> dict[str, Any]:
        """Compute every score with its interval; see ``segmentation_scores``."""
        return segmentation_scores(cases)

    def draw(
        self, cases: pd.DataFrame, scores: Mapping[str, Any], dataset: Dataset, folder: Path
    ) -> None:
        """Draw best, median and worst cases, and false positives, over their images.

        Args:
            cases: the table of cases.
            scores: what ``scores`` gave for it.
            dataset: the dataset that the cases are of.
            folder: the run's folder, with ``predictions/``.
        """
        scored = set(cases["id"])
        items = [dataset.resolved(item) for item in dataset.items]
        sources = {
            item["id"]: Sources(
                Path(item["image"]),
                Path(item["label"]),
                folder / PREDICTIONS / f"{item['id']}_mask.png",
            )
            for item in items
            if item["id"] in scored
        }
        draw_overlays(cases, sources, folder / self.pictures)
