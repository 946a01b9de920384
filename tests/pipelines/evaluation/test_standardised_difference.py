import numpy as np
import pytest
from scipy.stats import ttest_rel

from pipelines.evaluation.standardised_difference import standardised_difference


def test_it_is_the_paired_t_without_the_number_of_images() -> None:
    first, second = np.random.default_rng(0).normal(size=(2, 25))
    t = ttest_rel(second, first).statistic
    assert standardised_difference(second - first) == pytest.approx(t / 5)


@pytest.mark.parametrize("differences", [[], [0.3], [0.5, 0.5, 0.5]])
def test_without_variation_there_is_none(differences: list[float]) -> None:
    assert np.isnan(standardised_difference(np.array(differences)))
