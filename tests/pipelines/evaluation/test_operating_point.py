import numpy as np
import pytest

from pipelines.evaluation.operating_point import (
    SENSITIVITY,
    SPECIFICITY,
    chosen_threshold,
    operating_point_statistics,
)

RNG = np.random.default_rng(0)
POSITIVE = RNG.random(200) < 0.4
VALUES = np.round(RNG.normal(POSITIVE * 1.2), 1)  # with ties


def rates(threshold: float) -> tuple[float, float]:
    called = threshold <= VALUES
    return called[POSITIVE].mean(), (~called[~POSITIVE]).mean()


@pytest.mark.parametrize("least", [0.05, 0.5, 0.8, 0.95, 1.0])
@pytest.mark.parametrize(("target", "place"), [(SENSITIVITY, 0), (SPECIFICITY, 1)])
def test_the_threshold_is_the_best_that_reaches_the_target(
    target: str, place: int, least: float
) -> None:
    threshold = chosen_threshold(VALUES, POSITIVE, target, least)
    reached = rates(threshold)
    assert reached[place] >= least
    every = [rates(each) for each in np.append(np.unique(VALUES), np.inf)]
    assert reached[1 - place] == max(pair[1 - place] for pair in every if pair[place] >= least)


def test_a_target_that_is_just_reached_is_reached() -> None:
    values = np.arange(20) / 20
    assert chosen_threshold(values, np.ones(20, dtype=bool), SENSITIVITY, 0.95) == 0.05
    assert chosen_threshold(values, np.zeros(20, dtype=bool), SPECIFICITY, 0.95) == 0.95


def test_without_cases_of_the_kind_there_is_no_threshold() -> None:
    with pytest.raises(ValueError, match="no case to measure a specificity by"):
        chosen_threshold(VALUES, np.ones(200, dtype=bool), SPECIFICITY, 0.9)


def test_the_scores_are_those_of_the_four_counts() -> None:
    statistics = operating_point_statistics(VALUES, POSITIVE, np.arange(200), 0.5)
    called = VALUES >= 0.5
    counts = {
        "sensitivity": ((called & POSITIVE).sum(), POSITIVE.sum()),
        "specificity": ((~called & ~POSITIVE).sum(), (~POSITIVE).sum()),
        "ppv": ((called & POSITIVE).sum(), called.sum()),
        "npv": ((~called & ~POSITIVE).sum(), (~called).sum()),
    }
    assert {q.score: q.proportion for q in statistics.quantities} == counts
    assert {q.score: q.n for q in statistics.quantities} == {k: n for k, (_, n) in counts.items()}
    values = statistics.values(np.ones((1, 200)))[0]
    assert values == pytest.approx([hits / trials for hits, trials in counts.values()])


def test_where_nothing_is_called_there_is_no_predictive_value() -> None:
    statistics = operating_point_statistics(VALUES, POSITIVE, np.arange(200), 99.0)
    assert np.isnan(statistics.values(np.ones((1, 200)))[0]).tolist() == [False, False, True, False]
    assert statistics.quantities[2].proportion is None
