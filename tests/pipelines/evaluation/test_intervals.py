"""The cluster bootstrap: against a plain loop, on simulated data, at its edges."""

import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.evaluation import intervals
from pipelines.evaluation.intervals import ratio_intervals, resample_counts


def made_cases(groups: int, seed: int = 0) -> tuple[NDArray, NDArray, NDArray]:
    """Return numerators (N, 2), denominators (N, 2) and groups; cases of a group are alike."""
    generator = np.random.default_rng(seed)
    names = np.repeat(np.arange(groups), generator.integers(1, 6, groups))
    centre = generator.normal(0.5, 0.2, groups)[names]
    denominators = generator.integers(1, 50, (names.size, 2)).astype(float)
    return (centre[:, None] * denominators), denominators, names


def test_equals_a_plain_loop_over_the_same_draws() -> None:
    numerators, denominators, groups = made_cases(7)
    names = np.unique(groups)
    drawn = []
    for counts in np.concatenate(list(resample_counts(names.size, 200, seed=3))):
        above, below = np.zeros(2), np.zeros(2)
        for name, times in zip(names, counts, strict=True):
            for case in np.flatnonzero(groups == name):
                above += times * numerators[case]
                below += times * denominators[case]
        drawn.append(above / below)
    result = ratio_intervals(numerators, denominators, groups, resamples=200, seed=3, level=0.9)
    low, high = np.percentile(drawn, [5, 95], axis=0)
    np.testing.assert_allclose(result.values, numerators.sum(0) / denominators.sum(0))
    np.testing.assert_allclose(result.low, low)
    np.testing.assert_allclose(result.high, high)


def test_draws_are_multinomial() -> None:
    counts = np.concatenate(list(resample_counts(5, 20_000, seed=0)))
    assert counts.shape == (20_000, 5)
    assert (counts.sum(axis=1) == 5).all()
    np.testing.assert_allclose(counts.mean(axis=0), 1, atol=0.03)
    np.testing.assert_allclose(counts.var(axis=0), 5 * 0.2 * 0.8, atol=0.03)


def test_size_of_the_chunks_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = ratio_intervals(*made_cases(9), resamples=500)
    monkeypatch.setattr(intervals, "DRAWS_AT_ONCE", 9 * 7)
    for one, other in zip(whole, ratio_intervals(*made_cases(9), resamples=500), strict=True):
        np.testing.assert_array_equal(one, other)


def test_order_of_the_cases_changes_nothing() -> None:
    cases = made_cases(20)
    order = np.random.default_rng(1).permutation(len(cases[2]))
    shuffled = ratio_intervals(*(part[order] for part in cases), resamples=500)
    for one, other in zip(ratio_intervals(*cases, resamples=500), shuffled, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


def test_seed_decides() -> None:
    one, same, other = (ratio_intervals(*made_cases(9), resamples=99, seed=s) for s in (1, 1, 2))
    np.testing.assert_array_equal(one.low, same.low)
    assert (one.low != other.low).any()


def test_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    generator = np.random.default_rng(0)
    held = 0
    for _ in range(300):
        values = generator.exponential(size=(60, 1))
        result = ratio_intervals(values, np.ones((60, 1)), np.arange(60), resamples=500)
        held += int(result.low[0] <= 1 <= result.high[0])
    # Percentile intervals of a skewed mean with 60 groups hold somewhat less than 95 %.
    assert 0.88 <= held / 300 <= 0.98


def test_groups_widen_the_interval_of_correlated_cases() -> None:
    values = np.repeat(np.random.default_rng(0).random((30, 1)), 10, axis=0)
    ones = np.ones_like(values)
    grouped = ratio_intervals(values, ones, np.repeat(np.arange(30), 10))
    single = ratio_intervals(values, ones, np.arange(300))
    ratio = (grouped.high - grouped.low) / (single.high - single.low)
    # Ten identical copies carry no more than one: the width grows by the root of ten.
    assert ratio[0] == pytest.approx(10**0.5, rel=0.1)


def test_resamples_without_a_denominator_are_left_out() -> None:
    # With 2 of 4 groups, 1 resample in 16 has no denominator; every other has the value 0.5.
    result = ratio_intervals([[1], [2], [0], [0]], [[2], [4], [0], [0]], ["a", "b", "c", "d"])
    assert (result.values[0], result.low[0], result.high[0]) == (0.5, 0.5, 0.5)


def test_nothing_below_the_line_is_nan() -> None:
    result = ratio_intervals([[0], [0]], [[0], [0]], ["a", "b"])
    assert np.isnan(np.concatenate(result)).all()


def test_one_group_has_a_value_but_no_interval() -> None:
    result = ratio_intervals([[1, 1], [0, 0], [0, 1]], np.ones((3, 2)) * [[1, 1], [1, 1], [0, 1]],
                             ["a", "a", "b"])  # fmt: skip
    np.testing.assert_array_equal(np.isnan(result.low), [True, False])
    np.testing.assert_array_equal(np.isnan(result.high), [True, False])
    np.testing.assert_allclose(result.values, [0.5, 2 / 3])


def test_no_cases_at_all() -> None:
    result = ratio_intervals(np.zeros((0, 3)), np.zeros((0, 3)), np.zeros(0))
    assert np.isnan(np.concatenate(result)).all()
    assert result.low.shape == (3,)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (([[1]], [[1, 2]], ["a"]), {}, "same"),
        (([[1]], [[1]], ["a", "b"]), {}, r"expected \(1,\)"),
        (([[np.nan]], [[1]], ["a"]), {}, "finite"),
        (([[1]], [[-1]], ["a"]), {}, "at least 0"),
        (([[1]], [[1]], ["a"]), {"resamples": 0}, "resamples=0"),
        (([[1]], [[1]], ["a"]), {"level": 95}, "level=95"),
    ],
)
def test_what_cannot_be_drawn_is_refused(
    arguments: tuple[list, list, list], options: dict[str, int], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        ratio_intervals(*arguments, **options)
