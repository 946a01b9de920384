import numpy as np
import pytest
from scipy import stats

from pipelines.evaluation.group_statistics import Quantity
from pipelines.evaluation.paired_bootstrap import paired_differences
from pipelines.evaluation.ratio_statistics import RatioStatistics

MEAN = [Quantity("dice", "", "", "images", 40, 40)]


def means(values: np.ndarray) -> RatioStatistics:
    ones = np.ones((len(values), 1))
    return RatioStatistics(values[:, None], ones, np.arange(len(values)), MEAN)


def test_both_models_see_the_same_groups() -> None:
    values = np.random.default_rng(0).random(40)
    found = paired_differences(means(values), means(values + 0.25), 200, 0)
    assert found == pytest.approx(np.full((200, 1), 0.25))


def test_a_score_that_resampling_raises_has_no_differences() -> None:
    first, second = means(np.zeros(40)), means(np.ones(40))
    first.quantities = [MEAN[0]._replace(inflated=True)]
    assert np.isnan(paired_differences(first, second, 20, 0)).all()


def test_the_spread_is_that_of_a_paired_bootstrap() -> None:
    first, second = np.random.default_rng(0).random((2, 40))
    found = paired_differences(means(first), means(second), 4000, 0)[:, 0]
    expected = stats.bootstrap(
        (second - first,), np.mean, n_resamples=4000, method="percentile", rng=1
    ).confidence_interval
    assert np.quantile(found, [0.025, 0.975]) == pytest.approx(tuple(expected), abs=0.01)
