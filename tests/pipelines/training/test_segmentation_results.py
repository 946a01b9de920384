"""The results of a segmentation are its own columns, scores and overlays."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipelines.datasets.dataset import read
from pipelines.evaluation.cases import SEGMENTATION_COLUMNS, case_table
from pipelines.evaluation.score_drop import segmentation_drop
from pipelines.evaluation.segmentation import case_counts, case_row
from pipelines.training import segmentation_results
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


def test_images_of_the_test_part_are_drawn_too(busi_dataset: Path, tmp_path: Path) -> None:
    dataset = read(busi_dataset)
    item = dataset.resolved(next(item for item in dataset.items if item["class"] == "benign"))
    dataset = replace(dataset, items=(), testing=dataset.items)
    mask = np.asarray(Image.open(item["label"])) > 0
    (tmp_path / "predictions").mkdir()
    Image.fromarray(mask).save(tmp_path / "predictions" / f"{item['id']}_mask.png")
    row = case_row(item["id"], item["group"], None, item["class"], case_counts(mask, mask))
    SegmentationResults().draw(case_table([row]), {}, dataset, tmp_path)
    assert (tmp_path / "overlays" / "best.png").is_file()


def test_the_drop_is_that_of_a_segmentation(monkeypatch: pytest.MonkeyPatch) -> None:
    mask, nothing = np.eye(4, dtype=bool), np.zeros((4, 4), dtype=bool)
    own, other = (
        case_table(
            case_row(f"i{number}", f"g{number}", None, "benign", case_counts(found, mask))
            for number, found in enumerate(answers)
        )
        for answers in ([mask] * 4, [mask, nothing, mask, nothing])
    )
    few = partial(segmentation_drop, resamples=20)
    monkeypatch.setattr(segmentation_results, "segmentation_drop", few)
    drop = SegmentationResults().drop(own, other)
    assert drop["scores"]["dice"]["drop"] == 0.5
