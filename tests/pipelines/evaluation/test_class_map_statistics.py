"""Scores of classes and their means, for any counts of groups."""

import numpy as np
import pytest

from pipelines.evaluation.class_map_statistics import ClassMapStatistics
from tests.pipelines.evaluation.made_maps import LABELS, made_pairs, made_table

TABLE = made_table(made_pairs())


def values_of(statistics: ClassMapStatistics, counts: np.ndarray) -> dict[tuple[str, str], float]:
    values = statistics.values(counts[None])[0]
    return {
        (quantity.score, quantity.part): value
        for quantity, value in zip(statistics.quantities, values, strict=True)
    }


def test_the_scores_are_means_of_cells_and_pooled_pixels() -> None:
    found = values_of(ClassMapStatistics(TABLE, LABELS), np.ones(4))
    for label in LABELS:
        for score in ("dice", "iou", "precision", "recall", "surface_dice"):
            assert found[score, label] == pytest.approx(TABLE[f"{score}_{label}"].mean())
    pairs = made_pairs()
    predicted = np.stack([prediction for prediction, _ in pairs])
    true = np.stack([truth for _, truth in pairs])
    both = ((predicted == 2) & (true == 2)).sum()
    assert found["pixel_precision", "necrosis"] == both / (predicted == 2).sum()
    assert found["pixel_recall", "necrosis"] == both / (true == 2).sum()
    assert found["pixel_accuracy", ""] == (predicted == true).mean()
    without = ~(true == 2).any(axis=(1, 2))
    alarms = (predicted[without] == 2).any(axis=(1, 2)).mean()
    assert found["false_positive_rate", "necrosis"] == alarms


def test_the_mean_leaves_out_the_background_and_what_is_not_defined() -> None:
    found = values_of(ClassMapStatistics(TABLE, LABELS), np.ones(4))
    assert found["dice", ""] == (found["dice", "stroma"] + found["dice", "necrosis"]) / 2
    without = TABLE[TABLE["dice_necrosis"].isna()]
    found = values_of(ClassMapStatistics(without, LABELS), np.ones(without["group"].nunique()))
    assert np.isnan(found["dice", "necrosis"])
    assert found["dice", ""] == found["dice", "stroma"]


def row_map(*indices: int) -> np.ndarray:
    return np.array([indices] * 4)


def test_counts_that_lack_a_class_of_the_table_do_not_define_a_mean_over_the_classes() -> None:
    whole = row_map(0, 0, 1, 2)
    lacking = (row_map(0, 0, 1, 2), row_map(0, 0, 1, 1))  # group g1: necrosis painted for stroma
    statistics = ClassMapStatistics(made_table([(whole, whole), lacking], 1), LABELS)
    held, missed = (values_of(statistics, np.array(counts)) for counts in ([2.0, 0], [0, 2.0]))
    for score in ("dice", "surface_dice", "pixel_recall", "pixel_precision", "pixel_dice"):
        assert np.isfinite(held[score, ""]) and np.isnan(missed[score, ""]), score
    assert np.isfinite(missed["dice", "stroma"]) and missed["pixel_precision", "necrosis"] == 0
    assert np.isnan(held["false_positive_rate", ""]) and missed["false_positive_rate", ""] == 1


def test_a_class_that_is_never_predicted_counts_in_the_mean_precision_of_pixels() -> None:
    pairs = [(row_map(0, 0, 1, 1), row_map(0, 0, 1, 2))]
    found = values_of(ClassMapStatistics(made_table(pairs), LABELS), np.ones(1))
    assert np.isnan(found["pixel_precision", "necrosis"])
    assert found["pixel_precision", ""] == found["pixel_precision", "stroma"] / 2 == 0.25
    nothing = made_table([(row_map(0, 0), row_map(0, 0))])
    found = values_of(ClassMapStatistics(nothing, LABELS), np.ones(1))
    assert np.isnan(found["pixel_precision", ""])


def test_a_group_counts_as_often_as_it_is_drawn() -> None:
    counts = np.array([2.0, 0, 1, 0])
    drawn = TABLE[TABLE["group"].isin(["g0", "g2"])]
    twice = drawn.iloc[np.repeat(np.arange(4), [2, 2, 1, 1])]
    expected = twice["dice_stroma"].mean()
    found = values_of(ClassMapStatistics(TABLE, LABELS), counts)
    assert found["dice", "stroma"] == pytest.approx(expected)


def test_n_and_groups_are_of_the_images_that_count() -> None:
    quantities = {(q.score, q.part): q for q in ClassMapStatistics(TABLE, LABELS).quantities}
    dice = quantities["dice", "necrosis"]
    assert (dice.n, dice.groups) == (TABLE["dice_necrosis"].notna().sum(), 4)
    alarms = quantities["false_positive_rate", "necrosis"]
    assert alarms.n == 8 - dice.n
    assert alarms.proportion is not None and alarms.proportion[1] == alarms.n
    assert quantities["dice", ""].n == 8


def test_a_table_of_another_program_gives_what_its_columns_allow() -> None:
    few = TABLE[["id", "group", "dice_background", "dice_stroma", "dice_necrosis"]]
    statistics = ClassMapStatistics(few, LABELS)
    assert statistics.confusion is None
    assert {quantity.score for quantity in statistics.quantities} == {"dice"}
    found = values_of(statistics, np.ones(4))
    whole = values_of(ClassMapStatistics(TABLE, LABELS), np.ones(4))
    assert found["dice", ""] == pytest.approx(whole["dice", ""])
