from __future__ import annotations

from pipelines.evaluation.segmentation_ratios import SCORES
from pipelines.report.score_names import DASH, HEADLINES, MINUS, NAMES, interval, number, score_name


def test_every_score_of_a_segmentation_has_a_name() -> None:
    assert set(SCORES) <= set(NAMES)
    assert {name for names in HEADLINES.values() for name in names} <= set(NAMES)


def test_what_is_not_defined_is_a_dash_and_below_0_a_minus() -> None:
    assert number(None) == DASH and interval({"low": None, "high": 0.5}) == DASH
    assert number(-0.02) == f"{MINUS}0.020"


def test_other_scores_are_named_by_their_key() -> None:
    assert score_name("sensitivity_at_0.5") == "Sensitivity at 0.5"
