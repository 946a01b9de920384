import numpy as np
import pytest
from scipy import stats

from pipelines.evaluation.bca import bca_bounds


@pytest.mark.parametrize("statistic", [np.mean, np.std])
def test_the_bounds_are_those_of_scipy_over_the_same_resamples(statistic) -> None:
    values = np.random.default_rng(0).exponential(size=30)
    expected = stats.bootstrap(
        (values,), statistic, method="BCa", n_resamples=999, rng=np.random.default_rng(1)
    )
    left_out = np.array([statistic(np.delete(values, k)) for k in range(30)])
    found = bca_bounds(statistic(values), expected.bootstrap_distribution, left_out)
    assert found == pytest.approx(tuple(expected.confidence_interval), rel=1e-9)


def test_symmetric_resamples_without_skew_give_the_percentile_interval() -> None:
    resampled, left_out = np.arange(-500, 501) / 500, np.array([-1.0, 0.0, 1.0])
    found = bca_bounds(0.0, resampled, left_out, level=0.9)
    assert found == pytest.approx(np.quantile(resampled, [0.05, 0.95]))


@pytest.mark.parametrize(
    ("value", "resampled", "left_out"),
    [
        (1.0, np.ones(9), np.ones(3)),
        (2.0, np.ones(9), np.arange(3.0)),
        (1.0, np.arange(3.0), np.ones(3)),
        (np.nan, np.arange(3.0), np.arange(3.0)),
        (1.0, np.full(3, np.nan), np.arange(3.0)),
    ],
)
def test_without_a_correction_there_are_no_bounds(value, resampled, left_out) -> None:
    assert np.isnan(bca_bounds(value, resampled, left_out)).all()


def test_what_is_not_defined_is_left_out() -> None:
    drawn, left_out = np.random.default_rng(0).normal(size=200), np.arange(5.0)
    with_gaps = bca_bounds(0.1, np.append(drawn, np.nan), np.append(left_out, np.nan))
    assert with_gaps == bca_bounds(0.1, drawn, left_out)
