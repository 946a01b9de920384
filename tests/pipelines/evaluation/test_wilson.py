import pytest
from scipy.stats import binomtest

from pipelines.evaluation.wilson import wilson_bounds

NEWCOMBE = {
    (81, 263): (0.2553, 0.3662),
    (15, 148): (0.0624, 0.1605),
    (0, 20): (0.0, 0.1611),
    (1, 29): (0.0061, 0.1718),
}
"""Table I of Newcombe 1998, Statistics in Medicine 17:857-872, method 3."""


@pytest.mark.parametrize(("counts", "expected"), NEWCOMBE.items())
def test_the_bounds_are_the_published_ones(counts, expected) -> None:
    assert wilson_bounds(*counts) == pytest.approx(expected, abs=5e-5)


@pytest.mark.parametrize("level", [0.9, 0.99])
@pytest.mark.parametrize("hits", [0, 3, 17, 20])
def test_the_bounds_are_those_of_scipy(hits: int, level: float) -> None:
    expected = binomtest(hits, 20).proportion_ci(level, method="wilson")
    assert wilson_bounds(hits, 20, level) == pytest.approx(tuple(expected), abs=1e-12)
