import numpy as np
import pandas as pd
import pytest

from pipelines.evaluation.cases import case_table
from pipelines.evaluation.group_intervals import IntervalOptions, score_entries
from pipelines.evaluation.scores import segmentation_scores as scores_of_a_run
from pipelines.evaluation.segmentation import case_counts, case_row
from pipelines.evaluation.segmentation_ratios import SCORES
from pipelines.evaluation.segmentation_statistics import (
    available_scores,
    has_lesion,
    segmentation_statistics,
)
from pipelines.evaluation.wilson import wilson_bounds
from tests.pipelines.evaluation.made_cases import outlined


def own_cases() -> pd.DataFrame:
    rng, rows = np.random.default_rng(0), []
    for number in range(12):
        truth, prediction = (rng.random((2, 8, 8)) < (0.1 if number % 4 else 0.0))[:]
        counts = case_counts(prediction | (rng.random((8, 8)) < 0.02), truth)
        rows.append(case_row(f"i{number}", f"g{number // 2}", 0, "ab"[number % 2], counts))
    return case_table(rows)


def test_the_scores_are_those_that_a_run_writes() -> None:
    cases = own_cases()
    found = segmentation_statistics(cases)
    values = found.values(np.ones((1, found.groups)))[0]
    expected = scores_of_a_run(cases, resamples=2)
    assert len(values) == len(SCORES) + 2 * 2
    for quantity, value in zip(found.quantities, values, strict=True):
        entry = expected["by_class"].get(quantity.part, expected["scores"])[quantity.score]
        assert value == pytest.approx(entry["value"], rel=1e-12)
        assert (quantity.n, quantity.groups) == (entry["n"], entry["groups"])
        assert (quantity.unit, quantity.description) == (entry["unit"], entry["description"])


def test_a_table_of_others_gives_what_its_columns_allow() -> None:
    cases = outlined()
    assert list(available_scores(cases)) == ["dice", "iou"]
    found = segmentation_statistics(cases)
    assert [(q.score, q.part) for q in found.quantities] == [
        (score, part) for score in ("dice", "iou") for part in ("",)
    ] + [(score, part) for score in ("dice", "iou") for part in ("benign", "malignant")]
    value = found.values(np.ones((1, 40)))[0, 0]
    assert value == pytest.approx(cases["dice"].mean()) and found.quantities[0].n == 32


def test_a_lesion_is_where_the_table_says_so() -> None:
    area = pd.DataFrame({"lesion_area": [0, 3], "dice": [0.5, 0.5]})
    assert has_lesion(area).tolist() == [False, True]
    assert has_lesion(pd.DataFrame({"dice": [np.nan, 0.0]})).tolist() == [False, True]
    assert has_lesion(pd.DataFrame({"false_positive": [1.0, np.nan]})).tolist() == [False, True]
    pixels = pd.DataFrame({"tp": [0, 0, 1], "fn": [0, 2, 0], "dice": [1.0, 0.0, 1.0]})
    assert has_lesion(pixels).tolist() == [False, True, True]
    assert has_lesion(pd.DataFrame({"fp": [1.0]})).tolist() == [True]


def test_cells_of_images_that_a_score_is_not_of_have_no_part_in_it() -> None:
    """Many programs write a Dice of 1 where there is no lesion."""
    cases = pd.DataFrame(
        {
            "group": list("abcde"),
            "class": ["x", "x", "y", "y", "y"],
            "dice": [0.5, 0.7, 1.0, 1.0, 1.0],
            "iou": [0.4, 0.5, 1.0, 1.0, 1.0],
            "lesions": [1, 1, 0, 0, 0],
            "false_positive": [1, 1, 0, 0, 1],
        }
    )
    found = segmentation_statistics(cases)
    values = found.values(np.ones((1, 5)))[0]
    scores = {
        (quantity.score, quantity.part): (value, quantity.n)
        for quantity, value in zip(found.quantities, values, strict=True)
    }
    assert scores["dice", ""] == scores["dice", "x"] == (pytest.approx(0.6), 2)
    assert scores["iou", ""] == (pytest.approx(0.45), 2)
    assert scores["false_positive_rate", ""] == (pytest.approx(1 / 3), 3)
    assert ("dice", "y") not in scores


def test_only_a_share_of_images_or_lesions_is_a_plain_proportion() -> None:
    cases = own_cases()
    shares = {q.score: q.proportion for q in segmentation_statistics(cases).quantities}
    normal = cases[cases["lesions"] == 0]
    assert shares.pop("false_positive_rate") == (normal["false_positive"].sum(), len(normal))
    found, lesions, predicted = (
        int(cases[name].sum()) for name in ("found_lesions", "lesions", "predicted_lesions")
    )
    assert shares.pop("lesion_recall") == (found, lesions)
    assert shares.pop("lesion_precision") == (found, predicted)
    assert set(shares.values()) == {None}


def test_all_lesions_found_have_the_interval_of_as_many_trials_as_groups() -> None:
    cases = pd.DataFrame({"group": ["a", "a", "b", "c"], "lesions": [3, 1, 2, 2]})
    cases = cases.assign(found_lesions=cases["lesions"], predicted_lesions=cases["lesions"])
    entries = score_entries(segmentation_statistics(cases), IntervalOptions(100))
    for quantity, entry in entries:
        if quantity.score in ("lesion_recall", "lesion_precision"):
            assert (entry["value"], entry["n"], entry["groups"]) == (1, 8, 3)
            assert (entry["low"], entry["high"]) == wilson_bounds(3, 3)
        else:
            assert quantity.score == "lesion_f1" and entry["low"] is None
