import numpy as np
import pytest

from pipelines.evaluation import group_intervals
from pipelines.evaluation.bca import bca_bounds
from pipelines.evaluation.classification_statistics import ClassificationStatistics
from pipelines.evaluation.clopper_pearson import clopper_pearson_bounds
from pipelines.evaluation.group_intervals import (
    PROPORTIONS,
    IntervalOptions,
    difference_bounds,
    left_out_values,
    percentile_bounds,
    resampled_values,
    score_entries,
)
from pipelines.evaluation.group_statistics import Quantity
from pipelines.evaluation.ratio_statistics import RatioStatistics
from pipelines.evaluation.resampling import resample_counts
from pipelines.evaluation.wilson import wilson_bounds
from tests.pipelines.evaluation.made_cases import LABELS, classified


def mean_of(values: np.ndarray, groups: np.ndarray, share: bool = False) -> RatioStatistics:
    counts = (int(values.sum()), len(values)) if share else None
    quantity = Quantity("mean", "", "", "images", len(values), len(np.unique(groups)), counts)
    return RatioStatistics(values[:, None], np.ones((len(values), 1)), groups, [quantity])


def test_single_precision_is_enough_for_the_resamples() -> None:
    statistics = ClassificationStatistics(classified(groups=25), LABELS)
    (counts,) = resample_counts(25, 200, seed=3)
    exact = statistics.values(counts)
    entries = score_entries(statistics, IntervalOptions(200, seed=3))
    for drawn, (quantity, entry) in zip(exact.T, entries, strict=True):
        if quantity.inflated:
            continue
        bounds = np.nanquantile(drawn, [0.025, 0.975])
        assert (entry["low"], entry["high"]) == pytest.approx(tuple(bounds), rel=1e-5)
        assert entry["interval"] == "percentile"


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


def test_a_bca_interval_that_is_not_defined_says_that_it_is_another(monkeypatch) -> None:
    monkeypatch.setattr(group_intervals, "bca_bounds", lambda *_: (np.nan, np.nan))
    statistics = mean_of(np.arange(4.0), np.arange(4).astype(str))
    ((_, entry),) = score_entries(statistics, IntervalOptions(100, method="bca"))
    bounds = percentile_bounds(resampled_values(statistics, 100, 0)[:, 0], 0.95)
    assert (entry["low"], entry["high"], entry["interval"]) == (*bounds, "percentile")


def test_where_all_resamples_agree_only_a_proportion_has_an_interval() -> None:
    groups = np.array(["a", "a", "a", "b"])
    ((_, entry),) = score_entries(mean_of(np.ones(4), groups), IntervalOptions(100))
    assert (entry["value"], entry["low"], entry["high"], entry["interval"]) == (1, *3 * [None])
    sure = classified(6).assign(**{"class": "benign", "predicted": "benign"})
    sure = sure.assign(p_benign=0.8, p_malignant=0.1, p_normal=0.1)
    statistics = ClassificationStatistics(sure, LABELS)
    entries = {q.score: e for q, e in score_entries(statistics, IntervalOptions(100)) if not q.part}
    assert entries["calibration_error"]["value"] == pytest.approx(0.2)
    assert entries["calibration_error"]["low"] is None
    for hits in (0, 1):
        share = mean_of(np.full(4, float(hits)), groups, share=True)
        for proportion, bounds in PROPORTIONS.items():
            ((_, entry),) = score_entries(share, IntervalOptions(100, proportion=proportion))
            assert (entry["low"], entry["high"]) == bounds(2 * hits, 2, 0.95)
            assert entry["interval"] == proportion
        ((_, entry),) = score_entries(share, IntervalOptions(100, proportion="bootstrap"))
        assert (entry["low"], entry["high"]) == wilson_bounds(2 * hits, 2)


@pytest.mark.parametrize("method", ["percentile", "bca"])
def test_a_score_that_resampling_raises_has_no_interval(method: str) -> None:
    statistics = ClassificationStatistics(classified(20, skill=0.1), LABELS)
    drawn = resampled_values(statistics, 300, 0)
    place = [quantity.inflated for quantity in statistics.quantities].index(True)
    quantity, entry = score_entries(statistics, IntervalOptions(300, method=method))[place]
    assert quantity.score == "calibration_error" and "no interval" in entry["description"]
    assert (entry["low"], entry["high"], entry["interval"]) == (None, None, None)
    assert drawn[:, place].mean() > entry["value"] + drawn[:, place].std() / 2
    assert np.isnan(difference_bounds(0.1, drawn[:, place], 0.95, inflated=True)).all()


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
