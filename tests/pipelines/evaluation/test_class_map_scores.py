"""Scores of class maps with intervals, as scores.json holds them."""

import json

import numpy as np
import pandas as pd
import pytest

from pipelines.evaluation.class_map_scores import (
    class_map_drop,
    class_map_scores,
    point_scores,
)
from pipelines.evaluation.scores import scores_table
from tests.pipelines.evaluation.made_maps import LABELS, made_pairs, made_table

TABLE = made_table(made_pairs())


@pytest.fixture(scope="module")
def scores() -> dict:
    return class_map_scores(TABLE, LABELS, resamples=200)


def test_every_score_has_its_n_and_its_interval(scores: dict) -> None:
    assert set(scores["by_class"]) == set(LABELS)
    entry = scores["by_class"]["necrosis"]["dice"]
    assert entry["value"] == pytest.approx(TABLE["dice_necrosis"].mean())
    assert entry["low"] <= entry["value"] <= entry["high"]
    assert entry["n"] == TABLE["dice_necrosis"].notna().sum()
    assert scores["scores"]["dice"]["low"] < scores["scores"]["dice"]["high"]
    assert np.sum(scores["confusion"]) == 8 * 16 * 12
    assert json.loads(json.dumps(scores, allow_nan=False)) == scores


def test_the_order_of_the_cases_changes_nothing(scores: dict) -> None:
    shuffled = TABLE.sample(frac=1, random_state=1)
    assert class_map_scores(shuffled, LABELS, resamples=200) == scores


def test_points_are_the_values_of_the_scores(scores: dict) -> None:
    points = point_scores(TABLE, LABELS)
    assert points == {name: entry["value"] for name, entry in scores["scores"].items()}
    assert point_scores(TABLE.iloc[:0], LABELS) == {}


def test_what_is_absent_is_none() -> None:
    nothing = np.zeros((4, 4), dtype=int)
    scores = class_map_scores(made_table([(nothing, nothing)] * 4), LABELS, resamples=50)
    assert scores["scores"]["dice"]["value"] is None
    assert scores["scores"]["dice"]["n"] == 0
    assert scores["by_class"]["stroma"]["false_positive_rate"]["value"] == 0
    assert point_scores(made_table([(nothing, nothing)]), LABELS)["dice"] is None


def test_the_table_for_the_terminal_names_the_classes(scores: dict) -> None:
    table = scores_table({**scores, "leaky": True})
    names = {str(cell) for cell in table.columns[0].cells}
    assert {"dice", "dice (necrosis)", "pixel_accuracy"} <= names
    assert "leaky" in str(table.title)


def test_the_drop_is_over_the_classes_of_both() -> None:
    other = made_table([(np.ones_like(truth), truth) for _, truth in made_pairs(seed=3)])
    drop = class_map_drop(TABLE, other, LABELS, resamples=100)
    entry = drop["scores"]["dice"]
    assert drop["classes"] == ["stroma", "necrosis"]
    assert entry["drop"] == pytest.approx(entry["own"] - entry["other"])
    assert entry["low"] <= entry["drop"] <= entry["high"]
    assert drop["scores"]["false_positive_rate"]["drop"] == pytest.approx(
        drop["scores"]["false_positive_rate"]["other"]
        - drop["scores"]["false_positive_rate"]["own"]
    )
    few = other[other["dice_necrosis"].isna()]
    drop = class_map_drop(TABLE, pd.DataFrame(few), LABELS, resamples=100)
    assert drop["classes"] == ["stroma"]
    assert drop["scores"]["dice"]["own"] == pytest.approx(TABLE["dice_stroma"].mean())


def test_the_drop_of_each_score_is_over_the_classes_for_which_both_define_it() -> None:
    everywhere, without = np.array([[0, 1, 2, 2]] * 4), np.array([[0, 0, 2, 2]] * 4)
    own = made_table([(everywhere, everywhere)] * 4, 1)  # no image without stroma or necrosis
    other = made_table([(everywhere, everywhere), (everywhere, without)] * 2, 1)
    entries = class_map_drop(own, other, LABELS, resamples=50)["scores"]
    assert entries["dice"]["own"] == entries["dice"]["other"] == 1
    assert {entries["false_positive_rate"][name] for name in ("own", "other", "drop")} == {None}
    assert (entries["dice"]["n_own"], entries["false_positive_rate"]["n_own"]) == (4, 0)
