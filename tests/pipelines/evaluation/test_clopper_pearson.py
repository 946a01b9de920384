import pytest
from scipy.stats import binomtest

from pipelines.evaluation.clopper_pearson import clopper_pearson_bounds

NEWCOMBE = {
    (81, 263): (0.2527, 0.3676),
    (15, 148): (0.0578, 0.1617),
    (0, 20): (0.0, 0.1684),
    (1, 29): (0.0009, 0.1776),
}
"""Table I of Newcombe 1998, Statistics in Medicine 17:857-872, method 5."""


@pytest.mark.parametrize(("counts", "expected"), NEWCOMBE.items())
def test_the_bounds_are_the_published_ones(counts, expected) -> None:
    assert clopper_pearson_bounds(*counts) == pytest.approx(expected, abs=5e-5)


@pytest.mark.parametrize("level", [0.9, 0.99])
@pytest.mark.parametrize("hits", [0, 3, 17, 20])
def test_the_bounds_are_those_of_scipy(hits: int, level: float) -> None:
    expected = binomtest(hits, 20).proportion_ci(level, method="exact")
    assert clopper_pearson_bounds(hits, 20, level) == pytest.approx(tuple(expected), abs=1e-8)
