"""The results of a segmentation are its own columns, scores and overlays."""

from pathlib import Path

import numpy as np
from PIL import Image

from pipelines.datasets.dataset import read
from pipelines.evaluation.cases import SEGMENTATION_COLUMNS, case_table
from pipelines.evaluation.segmentation import case_counts, case_row
from pipelines.training.segmentation_results import SegmentationResults


def test_cases_become_scores_and_overlays(busi_dataset: Path, tmp_path: Path) -> None:
    dataset, results = read(busi_dataset), SegmentationResults()
    items = [dataset.resolved(item) for item in dataset.items if item["fold"] == 0]
    (tmp_path / "predictions").mkdir()
    rows = []
    for item in items:
        mask = np.asarray(Image.open(item["label"])) > 0
        Image.fromarray(mask.astype(np.uint8)).save(
            tmp_path / "predictions" / f"{item['id']}_mask.png"
        )
        counts = case_counts(mask, mask)
        rows.append(case_row(item["id"], item["group"], 0, item["class"], counts))
    cases = case_table(rows)
    scores = results.scores(cases)
    assert results.columns is SEGMENTATION_COLUMNS
    assert scores["scores"]["dice"]["value"] == 1
    results.draw(cases, scores, dataset, tmp_path)
    assert list((tmp_path / results.pictures).glob("*.png"))
