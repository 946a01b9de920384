"""The table of scores of a segmentation."""

from pipelines.evaluation.cases import SEGMENTATION_COLUMNS
from pipelines.evaluation.segmentation_ratios import SCORES, SCORES_BY_CLASS, SCORES_BY_MARKS

MADE = {"has_lesion", "is_normal", "image"}


def test_every_score_is_made_of_columns_that_the_cases_have() -> None:
    for name, score in SCORES.items():
        read = {*score.above, *score.below, *score.counts}
        assert read <= {*SEGMENTATION_COLUMNS, *MADE}, name
        assert score.above and score.below and score.counts, name
        assert score.over in MADE, name


def test_f1_weighs_what_both_masks_share_twice() -> None:
    assert SCORES["pixel_f1"].above == {"tp": 2}
    assert SCORES["pixel_f1"].below == {"tp": 2, "fp": 1, "fn": 1}
    assert SCORES["lesion_f1"].above == {"found_lesions": 2}


def test_the_scores_of_parts_are_among_them() -> None:
    for part in (SCORES_BY_CLASS, SCORES_BY_MARKS):
        assert all(SCORES[name] is score for name, score in part.items())
