import numpy as np
import pytest
from scipy import stats

from pipelines.evaluation.group_permutation import permutation_p
from pipelines.evaluation.group_statistics import Quantity
from pipelines.evaluation.ratio_statistics import RatioStatistics


def both(first: np.ndarray, second: np.ndarray, groups: np.ndarray) -> RatioStatistics:
    """Means of two models, in one table."""
    names = [f"{side}g{group:02d}" for side in (0, 1) for group in groups]
    values = np.concatenate([first, second])[:, None]
    quantity = Quantity("dice", "", "", "images", len(first), len(set(groups)))
    return RatioStatistics(values, np.ones_like(values), np.array(names), [quantity])


def scipy_p(differences: np.ndarray) -> float:
    """The sign-flip test of the sums of groups, every exchange made."""
    return stats.permutation_test(
        (differences,), np.sum, permutation_type="samples", n_resamples=np.inf
    ).pvalue


def test_few_groups_are_exchanged_in_every_way() -> None:
    first, second = np.random.default_rng(2).normal(size=(2, 9))
    found = permutation_p(both(first, second + 0.7, np.arange(9)), 10_000, 0)
    assert found == pytest.approx([scipy_p(second + 0.7 - first)])


def test_images_of_a_group_change_sides_together() -> None:
    first, second = np.random.default_rng(2).normal(size=(2, 12))
    groups = np.repeat(np.arange(6), 2)
    found = permutation_p(both(first, second + 1, groups), 10_000, 0)
    sums = (second + 1 - first).reshape(6, 2).sum(axis=1)
    assert found == pytest.approx([scipy_p(sums)])
    assert permutation_p(both(first, second + 1, np.arange(12)), 10_000, 0)[0] < found[0]


def test_many_groups_are_exchanged_at_random() -> None:
    first, second = np.random.default_rng(3).normal(size=(2, 12))
    found = permutation_p(both(first, second + 0.6, np.arange(12)), 3000, 0)
    assert found == pytest.approx([scipy_p(second + 0.6 - first)], abs=0.03)


def test_equal_models_give_one_and_a_certain_difference_never_zero() -> None:
    values, groups = np.random.default_rng(0).random(30), np.arange(30)
    assert permutation_p(both(values, values, groups), 500, 0)[0] == 1
    assert permutation_p(both(values, values + 9, groups), 500, 0)[0] == pytest.approx(1 / 501)


def test_an_exchange_that_leaves_a_score_undefined_counts_as_reaching_it() -> None:
    """A precision: without any image that is predicted so it is not defined."""
    predicted = np.array([[1, 0, 0], [0, 1, 1]], dtype=float)  # of either model
    right = np.array([[0, 0, 0], [0, 1, 1]], dtype=float)
    names = np.array([f"{side}g{group}" for side in (0, 1) for group in range(3)])
    quantity = Quantity("precision", "", "", "images", 3, 3)
    table = RatioStatistics(right.reshape(-1, 1), predicted.reshape(-1, 1), names, [quantity])
    # Of eight exchanges two leave one model without a prediction, and two reach a difference of 1.
    assert permutation_p(table, 10, 0)[0] == 4 / 8


def test_what_is_not_defined_has_no_p() -> None:
    nothing = Quantity("dice", "", "", "images", 0, 0)
    empty = RatioStatistics(np.zeros((4, 1)), np.zeros((4, 1)), np.arange(4), [nothing])
    assert np.isnan(permutation_p(empty, 10, 0)).all()
