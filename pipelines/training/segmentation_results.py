"""What is made of the cases of a scored segmentation."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from pipelines.atomic import replacing
from pipelines.datasets.dataset import Dataset
from pipelines.evaluation.cases import SEGMENTATION_COLUMNS, Column, is_leaky
from pipelines.evaluation.froc import froc_scores
from pipelines.evaluation.froc_picture import froc_figure
from pipelines.evaluation.overlays import Sources, draw_overlays
from pipelines.evaluation.score_drop import segmentation_drop
from pipelines.evaluation.scores import LEAKY_LINE, segmentation_scores
from pipelines.training.region_table import RegionTable

PREDICTIONS = "predictions"
REGIONS = "regions.csv"
PLOTS = "plots"


class SegmentationResults:
    """Columns, scores and pictures of a segmentation.

    Args:
        regions: the handler that collects the regions before any gate, of which the FROC curve
            and ``regions.csv`` are made; without it there is neither.

    Attributes:
        columns: the columns of cases.csv.
        pictures: name of the folder of the pictures, in the run's folder.
    """

    columns: Mapping[str, Column] = SEGMENTATION_COLUMNS
    pictures = "overlays"

    def __init__(self, regions: RegionTable | None = None) -> None:
        self.regions = regions

    @property
    def tables(self) -> Mapping[str, pd.DataFrame]:
        """``regions.csv`` where the regions were collected."""
        return {} if self.regions is None else {REGIONS: self.regions.table}

    def scores(self, cases: pd.DataFrame) -> dict[str, Any]:
        """Compute every score with its interval; see ``segmentation_scores``, ``froc_scores``."""
        scores = segmentation_scores(cases)
        if self.regions is None:
            return scores
        return {**scores, "froc": froc_scores(self.regions.table, cases)}

    def drop(self, own: pd.DataFrame, other: pd.DataFrame) -> dict[str, Any]:
        """Say how much worse the scores are on other images; see ``segmentation_drop``."""
        return segmentation_drop(own, other)

    def draw(
        self, cases: pd.DataFrame, scores: Mapping[str, Any], dataset: Dataset, folder: Path
    ) -> None:
        """Draw best, median and worst cases, and false positives, over their images, and the FROC.

        Args:
            cases: the table of cases.
            scores: what ``scores`` gave for it.
            dataset: the dataset that the cases are of.
            folder: the run's folder, with ``predictions/``.
        """
        scored = set(cases["id"])
        items = [dataset.resolved(item) for item in (*dataset.items, *dataset.testing)]
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
        if self.regions is not None:
            self._draw_regions(self.regions.table, cases, folder)

    def _draw_regions(self, regions: pd.DataFrame, cases: pd.DataFrame, folder: Path) -> None:
        false = int((cases["predicted_lesions"] - cases["found_lesions"]).sum())
        found, lesions = int(cases["found_lesions"].sum()), int(cases["lesions"].sum())
        point = (false / len(cases), found / lesions) if lesions else None
        remark = LEAKY_LINE if is_leaky(cases) else ""
        figure = froc_figure(regions, cases, operating_point=point, remark=remark)
        (folder / PLOTS).mkdir(exist_ok=True)
        with replacing(folder / PLOTS / "froc.png") as part:
            figure.savefig(part, format="png")
