import numpy as np
import pytest

from pipelines.evaluation.bca import bca_bounds
from pipelines.evaluation.classification import classification_scores
from pipelines.evaluation.classification_statistics import ClassificationStatistics
from pipelines.evaluation.clopper_pearson import clopper_pearson_bounds
from pipelines.evaluation.group_intervals import (
    IntervalOptions,
    left_out_values,
    percentile_bounds,
    resampled_values,
    score_entries,
)
from pipelines.evaluation.group_statistics import Quantity
from pipelines.evaluation.ratio_statistics import RatioStatistics
from pipelines.evaluation.wilson import wilson_bounds
from tests.pipelines.evaluation.made_cases import LABELS, classified


def mean_of(values: np.ndarray, groups: np.ndarray, share: bool = False) -> RatioStatistics:
    counts = (int(values.sum()), len(values)) if share else None
    quantity = Quantity("mean", "", "", "images", len(values), len(np.unique(groups)), counts)
    return RatioStatistics(values[:, None], np.ones((len(values), 1)), groups, [quantity])


def test_the_intervals_are_those_that_a_run_writes() -> None:
    cases = classified(groups=25)
    statistics = ClassificationStatistics(cases, LABELS)
    expected = classification_scores(cases, LABELS, resamples=200, seed=3)
    for quantity, entry in score_entries(statistics, IntervalOptions(200, seed=3)):
        other = expected["by_class"].get(quantity.part, expected["scores"])[quantity.score]
        assert (entry["low"], entry["high"]) == pytest.approx((other["low"], other["high"]), 1e-5)
        assert entry["interval"] == "percentile" and set(other) | {"interval"} == set(entry)


def test_each_group_is_left_out_once() -> None:
    values, groups = np.array([1.0, 2, 6]), np.array(["a", "b", "c"])
    assert left_out_values(mean_of(values, groups))[:, 0].tolist() == [4, 3.5, 1.5]


def test_bca_corrects_the_same_resamples() -> None:
    values = np.random.default_rng(0).exponential(size=30)
    statistics = mean_of(values, np.arange(30).astype(str))
    ((_, entry),) = score_entries(statistics, IntervalOptions(500, method="bca"))
    left_out = (values.sum() - np.sort(values)) / 29
    expected = bca_bounds(values.mean(), resampled_values(statistics, 500, 0)[:, 0], left_out)
    assert (entry["low"], entry["high"]) == pytest.approx(expected, rel=1e-6)
    assert entry["interval"] == "bca"


def test_a_bca_interval_that_is_not_defined_says_that_it_is_another() -> None:
    statistics = mean_of(np.ones(4), np.arange(4).astype(str))
    ((_, entry),) = score_entries(statistics, IntervalOptions(100, method="bca"))
    assert (entry["low"], entry["high"], entry["interval"]) == (1, 1, "percentile")


@pytest.mark.parametrize(
    ("name", "bounds"), [("wilson", wilson_bounds), ("clopper-pearson", clopper_pearson_bounds)]
)
def test_a_proportion_of_single_images_has_a_closed_interval(name: str, bounds) -> None:
    hits = (np.arange(20) < 13).astype(float)
    single = mean_of(hits, np.arange(20).astype(str), share=True)
    ((_, entry),) = score_entries(single, IntervalOptions(100, proportion=name))
    assert (entry["low"], entry["high"]) == bounds(13, 20, 0.95) and entry["interval"] == name
    ((_, entry),) = score_entries(single, IntervalOptions(100, proportion="bootstrap"))
    assert entry["interval"] == "percentile"
    pairs = mean_of(hits, np.repeat(np.arange(10), 2).astype(str), share=True)
    ((_, entry),) = score_entries(pairs, IntervalOptions(100, proportion=name))
    assert entry["interval"] == "percentile"


def test_one_group_has_no_interval_and_nothing_has_no_value() -> None:
    ((_, entry),) = score_entries(mean_of(np.ones(2), np.array(["a", "a"])), IntervalOptions(100))
    assert entry["value"] == 1 and entry["low"] is None and entry["interval"] is None
    nothing = Quantity("mean", "", "", "images", 0, 0)
    empty = RatioStatistics(np.zeros((2, 1)), np.zeros((2, 1)), np.array(["a", "b"]), [nothing])
    ((_, entry),) = score_entries(empty, IntervalOptions(100))
    assert entry["value"] is None and entry["low"] is None


def test_resamples_that_do_not_define_a_score_are_left_out() -> None:
    assert percentile_bounds(np.array([np.nan, 0, 1, 2]), 0.5) == (0.5, 1.5)
    assert np.isnan(percentile_bounds(np.array([np.nan]), 0.5)).all()
