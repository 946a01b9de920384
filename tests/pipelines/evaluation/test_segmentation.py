"""Counts and scores of one image: hand-made masks, scikit-learn, invariants."""

import dataclasses
import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from skimage.measure import label
from sklearn.metrics import f1_score, jaccard_score, precision_score, recall_score

from pipelines.evaluation.cases import SEGMENTATION_COLUMNS
from pipelines.evaluation.segmentation import CaseCounts, case_counts, case_row, matched_pairs

Mask = NDArray[np.bool_]


def mask(*lines: str) -> Mask:
    """Draw a mask: '#' is lesion."""
    return np.array([[mark == "#" for mark in line] for line in lines])


def row(prediction: Mask, truth: Mask) -> dict[str, object]:
    return case_row("a", "g", 0, "benign", case_counts(prediction, truth))


pairs = st.tuples(st.integers(1, 9), st.integers(1, 9)).flatmap(
    lambda shape: st.tuples(arrays(np.bool_, shape), arrays(np.bool_, shape))
)


def test_two_lesions_one_found_one_false() -> None:
    truth = mask("##...##", "##...##", ".......")
    prediction = mask("##.....", "##.....", "....#..")
    counts = case_counts(prediction, truth)
    assert counts == CaseCounts(4, 1, 4, 12, lesions=2, predicted_lesions=2, found_lesions=1)
    values = case_row("a", "g", 3, "benign", counts)
    assert values["dice"] == 8 / 13
    assert values["iou"] == 4 / 9
    assert values["precision"] == 4 / 5
    assert values["recall"] == 4 / 8
    assert (values["lesion_area"], values["predicted_area"]) == (8, 5)
    assert math.isnan(values["false_positive"])


def test_pixels_that_touch_at_a_corner_are_one_lesion() -> None:
    diagonal = mask("#..", ".#.", "..#")
    assert case_counts(diagonal, diagonal).lesions == 1
    apart = mask("#..", "...", "..#")
    assert case_counts(apart, apart).found_lesions == 2


def test_one_prediction_over_two_lesions_finds_one() -> None:
    counts = case_counts(mask("#####"), mask("##.##"))
    assert (counts.lesions, counts.predicted_lesions, counts.found_lesions) == (2, 1, 1)


def test_two_predictions_in_one_lesion_find_it_once() -> None:
    counts = case_counts(mask("##.##"), mask("#####"))
    assert (counts.predicted_lesions, counts.found_lesions) == (2, 1)


@pytest.mark.parametrize(("length", "found"), [(10, 1), (11, 0)])
def test_least_overlap_is_a_tenth(length: int, found: int) -> None:
    truth = np.ones((1, length), dtype=bool)
    prediction = np.arange(length)[None] == 0
    assert case_counts(prediction, truth).found_lesions == found


def test_matching_makes_as_many_pairs_as_possible() -> None:
    # The long prediction overlaps the left lesion most; giving it to that one would leave the
    # right lesion without a partner and the short prediction idle.
    truth = mask("####.####", "####.....", "####.....")
    prediction = mask("#######..", ".........", "##.......")
    assert case_counts(prediction, truth).found_lesions == 2


EMPTY, LESION = mask("...", "..."), mask("##.", "...")


def test_nothing_there_and_nothing_predicted() -> None:
    values = row(EMPTY, EMPTY)
    assert all(math.isnan(values[key]) for key in ("dice", "iou", "precision", "recall"))
    assert values["false_positive"] == 0


def test_nothing_there_but_something_predicted() -> None:
    values = row(LESION, EMPTY)
    assert all(math.isnan(values[key]) for key in ("dice", "iou", "recall"))
    assert values["precision"] == 0
    assert values["false_positive"] == 1


def test_lesion_there_and_nothing_predicted_is_zero_not_missing() -> None:
    values = row(EMPTY, LESION)
    assert [values[key] for key in ("dice", "iou", "precision", "recall")] == [0, 0, 0, 0]
    assert math.isnan(values["false_positive"])


def test_row_has_the_columns_of_the_file_in_order() -> None:
    known_elsewhere = ("flags", "leaky")  # by the dataset and by its split
    of_an_image = [name for name in SEGMENTATION_COLUMNS if name not in known_elsewhere]
    assert list(row(LESION, LESION)) == of_an_image


@settings(deadline=None)
@given(pairs)
def test_scores_equal_scikit_learn(masks: tuple[Mask, Mask]) -> None:
    prediction, truth = masks
    values = row(prediction, truth)
    if not truth.any():
        return
    flat = truth.ravel(), prediction.ravel()
    assert values["dice"] == pytest.approx(f1_score(*flat, zero_division=0))
    assert values["iou"] == pytest.approx(jaccard_score(*flat, zero_division=0))
    assert values["precision"] == pytest.approx(precision_score(*flat, zero_division=0))
    assert values["recall"] == pytest.approx(recall_score(*flat, zero_division=0))


@given(pairs)
def test_invariants(masks: tuple[Mask, Mask]) -> None:
    counts, swapped = case_counts(*masks), case_counts(*masks[::-1])
    assert counts.tp + counts.fp + counts.fn + counts.tn == masks[0].size
    assert counts.found_lesions <= min(counts.lesions, counts.predicted_lesions)
    assert swapped == dataclasses.replace(
        counts,
        fp=counts.fn,
        fn=counts.fp,
        lesions=counts.predicted_lesions,
        predicted_lesions=counts.lesions,
    )
    values, mirrored = row(*masks), row(*masks[::-1])
    if masks[0].any() and masks[1].any():
        assert values["dice"] == pytest.approx(2 * values["iou"] / (1 + values["iou"]))
        assert values["precision"] == mirrored["recall"]


@given(pairs)
def test_turning_the_image_changes_nothing(masks: tuple[Mask, Mask]) -> None:
    turned = tuple(np.ascontiguousarray(np.rot90(one)) for one in masks)
    assert case_counts(*turned) == case_counts(*masks)


@pytest.mark.parametrize(
    ("prediction", "message"),
    [
        (np.zeros((2, 4), dtype=bool), "shape (2, 4) and truth (2, 3)"),
        (np.zeros((2, 3)), "expected a bool mask"),
    ],
)
def test_masks_that_cannot_be_compared_are_refused(prediction: Mask, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        case_counts(prediction, EMPTY)


def test_volumes_are_refused() -> None:
    volume = np.zeros((2, 3, 4), dtype=bool)
    with pytest.raises(ValueError, match="expected a bool mask"):
        case_counts(volume, volume)


@given(pairs)
@settings(deadline=None)
def test_matched_pairs_are_one_to_one_overlap_and_as_many_as_found(
    masks: tuple[Mask, Mask],
) -> None:
    predicted, true = (label(one, connectivity=2) for one in masks)
    matched = matched_pairs(predicted, true)
    assert len(matched) == case_counts(*masks).found_lesions
    assert all(len(set(side)) == len(side) for side in zip(*matched, strict=True))
    for one, other in matched:
        shared = ((predicted == one) & (true == other)).sum()
        assert shared >= 0.1 * ((predicted == one) | (true == other)).sum()
