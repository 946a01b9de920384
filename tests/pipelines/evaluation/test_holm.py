import math

import pytest

from pipelines.evaluation.holm import holm_adjusted


def test_the_values_are_those_of_the_definition() -> None:
    """The k-th smallest of m times m - k + 1, never below an earlier one, never above 1."""
    assert holm_adjusted([0.01, 0.02, 0.03, 0.04]) == pytest.approx([0.04, 0.06, 0.06, 0.06])
    assert holm_adjusted([0.9, 0.001, 0.6]) == pytest.approx([1, 0.003, 1])
    assert holm_adjusted([0.05]) == [0.05]


def test_what_is_not_defined_does_not_count() -> None:
    first, second, third = holm_adjusted([0.01, math.nan, 0.02])
    assert (first, third) == pytest.approx((0.02, 0.02)) and math.isnan(second)
    assert holm_adjusted([]) == []
