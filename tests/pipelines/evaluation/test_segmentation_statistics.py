import numpy as np
import pandas as pd
import pytest

from pipelines.evaluation.cases import case_table
from pipelines.evaluation.scores import segmentation_scores as scores_of_a_run
from pipelines.evaluation.segmentation import case_counts, case_row
from pipelines.evaluation.segmentation_ratios import SCORES
from pipelines.evaluation.segmentation_statistics import (
    available_scores,
    has_lesion,
    segmentation_statistics,
)
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
    assert has_lesion(pd.DataFrame({"false_positive": [1.0]})).tolist() == [True]


def test_only_a_share_of_images_is_a_plain_proportion() -> None:
    cases = own_cases()
    shares = {q.score: q.proportion for q in segmentation_statistics(cases).quantities}
    normal = cases[cases["lesions"] == 0]
    assert shares.pop("false_positive_rate") == (normal["false_positive"].sum(), len(normal))
    assert set(shares.values()) == {None}
