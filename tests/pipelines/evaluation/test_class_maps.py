"""A row of cases.csv says what an image contributes; absent classes have empty cells."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from monai.metrics import compute_dice, compute_iou
from sklearn.metrics import confusion_matrix, precision_score, recall_score

from pipelines.evaluation.cases import read_cases, write_cases
from pipelines.evaluation.class_maps import (
    border_scores,
    class_map_columns,
    class_map_row,
    pixel_confusion,
)
from tests.pipelines.evaluation.made_maps import LABELS, made_pairs, made_table

KNOWN = {"id": "a", "group": "g", "fold": 0, "class": "image", "flags": ""}


def test_the_scores_are_those_of_monai_and_scikit_learn() -> None:
    prediction, truth = made_pairs()[1]
    table = made_table([(prediction, truth)]).iloc[0]
    confusion = pixel_confusion(prediction, truth, 3)
    np.testing.assert_array_equal(confusion, confusion_matrix(truth.ravel(), prediction.ravel()))
    one_hot = [torch.tensor(np.eye(3)[m]).permute(2, 0, 1)[None] for m in (prediction, truth)]
    expected = {
        "dice": compute_dice(*one_hot)[0].numpy(),
        "iou": compute_iou(*one_hot)[0].numpy(),
        "precision": precision_score(truth.ravel(), prediction.ravel(), average=None),
        "recall": recall_score(truth.ravel(), prediction.ravel(), average=None),
    }
    for score, values in expected.items():
        found = [table[f"{score}_{label}"] for label in LABELS]
        np.testing.assert_allclose(found, values, rtol=1e-6)
        assert table[score] == pytest.approx(values[1:].mean(), rel=1e-6)  # without background
    assert table["pixel_accuracy"] == (prediction == truth).mean()


def test_a_class_that_is_absent_has_no_score_and_one_that_is_missed_has_0() -> None:
    truth = np.zeros((6, 6), dtype=int)
    truth[:3] = 1
    prediction = np.where(truth == 1, 0, 2)
    row = class_map_row(
        KNOWN, pixel_confusion(prediction, truth, 3), border_scores(prediction, truth, 3), LABELS
    )
    for score in ("dice", "iou", "precision", "recall", "surface_dice"):
        assert row[f"{score}_stroma"] == row[score] == 0
        assert math.isnan(row[f"{score}_necrosis"])
    assert row["pixels_background_as_necrosis"] == 18


def test_an_image_of_background_alone_has_no_mean() -> None:
    nothing = np.zeros((4, 4), dtype=int)
    row = made_table([(nothing, nothing)]).iloc[0]
    assert math.isnan(row["dice"])
    assert row["dice_background"] == row["pixel_accuracy"] == 1


def test_the_table_comes_back_from_its_file(tmp_path: Path) -> None:
    table, columns = made_table(made_pairs()), class_map_columns(LABELS)
    write_cases(tmp_path / "cases.csv", table, columns)
    pd.testing.assert_frame_equal(read_cases(tmp_path / "cases.csv", columns), table)
    assert list(columns)[:4] == ["id", "group", "fold", "class"]


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(ValueError, match=r"shape \(2, 2\) and truth \(2, 3\)"):
        pixel_confusion(np.zeros((2, 2), int), np.zeros((2, 3), int), 2)
    with pytest.raises(ValueError, match="truth holds the indices 0 to 4; expected 0 to 2"):
        pixel_confusion(np.zeros((1, 2), int), np.array([[0, 4]]), 3)
