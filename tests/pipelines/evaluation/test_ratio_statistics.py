import numpy as np
import pytest

from pipelines.evaluation.group_statistics import Quantity
from pipelines.evaluation.ratio_statistics import RatioStatistics

TWO = [Quantity(name, "", "", "images", 4, 2) for name in ("mean", "share")]


def test_ratios_are_those_of_the_groups_as_often_as_they_count() -> None:
    above = np.array([[1.0, 1], [2, 0], [3, 1], [4, 1]])
    below = np.array([[1.0, 1], [1, 1], [1, 0], [1, 1]])
    found = RatioStatistics(above, below, np.array(["b", "a", "b", "a"]), TWO)
    assert found.groups == 2 and found.quantities == TWO
    values = found.values(np.array([[1.0, 1], [2, 0], [1, 2]]))
    assert values == pytest.approx(np.array([[2.5, 1.0], [3, 0.5], [14 / 6, 1.25]]), rel=1e-12)


def test_without_a_denominator_there_is_no_value() -> None:
    found = RatioStatistics(np.ones((1, 1)), np.zeros((1, 1)), np.array(["a"]), TWO[:1])
    assert np.isnan(found.values(np.ones((1, 1)))).all()
