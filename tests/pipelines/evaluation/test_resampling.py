"""The cluster bootstrap: its draws, and the intervals of plain means made with them."""

import numpy as np
import pytest

from pipelines.evaluation import resampling
from pipelines.evaluation.group_intervals import IntervalOptions, score_entries
from pipelines.evaluation.resampling import group_sums, resample_counts
from tests.pipelines.evaluation.test_group_intervals import mean_of


def drawn(groups: int, resamples: int, seed: int = 0) -> np.ndarray:
    return np.concatenate(list(resample_counts(groups, resamples, seed)))


def bounds(values: np.ndarray, groups: np.ndarray, resamples: int = 500) -> tuple[float, float]:
    ((_, entry),) = score_entries(mean_of(values, groups.astype(str)), IntervalOptions(resamples))
    return entry["low"], entry["high"]


def test_draws_are_multinomial() -> None:
    counts = drawn(5, 20_000)
    assert counts.shape == (20_000, 5)
    assert (counts.sum(axis=1) == 5).all()
    np.testing.assert_allclose(counts.mean(axis=0), 1, atol=0.03)
    np.testing.assert_allclose(counts.var(axis=0), 5 * 0.2 * 0.8, atol=0.03)


def test_size_of_the_chunks_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = drawn(9, 500)
    monkeypatch.setattr(resampling, "DRAWS_AT_ONCE", 9 * 7)
    assert len(list(resample_counts(9, 500, 0))) > 50
    np.testing.assert_array_equal(drawn(9, 500), whole)


def test_seed_decides() -> None:
    np.testing.assert_array_equal(drawn(9, 99, seed=1), drawn(9, 99, seed=1))
    assert (drawn(9, 99, seed=1) != drawn(9, 99, seed=2)).any()


def test_nothing_is_drawn_of_no_groups() -> None:
    assert drawn(0, 10).shape == (10, 0)


def test_sums_are_in_the_order_of_the_names() -> None:
    values = np.array([[1.0, 10], [2, 20], [4, 40]])
    sums = group_sums(values, np.array(["b", "a", "b"]))
    np.testing.assert_array_equal(sums, [[2, 20], [5, 50]])


def test_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    generator = np.random.default_rng(0)
    held = 0
    for _ in range(300):
        low, high = bounds(generator.exponential(size=60), np.arange(60))
        held += low <= 1 <= high
    # Percentile intervals of a skewed mean with 60 groups hold somewhat less than 95 %.
    assert 0.88 <= held / 300 <= 0.98


def test_groups_widen_the_interval_of_correlated_cases() -> None:
    values = np.repeat(np.random.default_rng(0).random(30), 10)
    grouped = bounds(values, np.repeat(np.arange(30), 10), resamples=10_000)
    single = bounds(values, np.arange(300), resamples=10_000)
    ratio = (grouped[1] - grouped[0]) / (single[1] - single[0])
    # Ten identical copies carry no more than one: the width grows by the root of ten.
    assert ratio == pytest.approx(10**0.5, rel=0.1)
