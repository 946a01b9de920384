import numpy as np
import pytest
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from pipelines.evaluation.delong import delong_areas, delong_difference

RNG = np.random.default_rng(0)
POSITIVE = RNG.random(60) < 0.4
VALUES = np.round(np.stack([RNG.normal(POSITIVE * s) for s in (1.0, 1.5, 0.2)]), 1)  # with ties
SINGLE = np.arange(60)


def kernel_covariance() -> np.ndarray:
    """The covariance by its definition: every pair of the two kinds is compared."""
    below = [np.sign(row[POSITIVE][:, None] - row[~POSITIVE][None]) / 2 + 0.5 for row in VALUES]
    of_class, of_others = ([pairs.mean(axis=axis) for pairs in below] for axis in (1, 0))
    return np.cov(of_class) / POSITIVE.sum() + np.cov(of_others) / (~POSITIVE).sum()


def test_areas_and_covariance_are_those_of_every_pair() -> None:
    areas, covariance = delong_areas(VALUES, POSITIVE, SINGLE)
    assert areas == pytest.approx([roc_auc_score(POSITIVE, row) for row in VALUES])
    assert covariance == pytest.approx(kernel_covariance())


def test_the_test_is_that_of_the_normal_distribution() -> None:
    found = delong_difference(VALUES[:2], POSITIVE, SINGLE, level=0.9)
    covariance = kernel_covariance()
    error = np.sqrt(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    areas = [roc_auc_score(POSITIVE, row) for row in VALUES[:2]]
    assert found.difference == pytest.approx(areas[1] - areas[0])
    assert found.high - found.low == pytest.approx(2 * norm.ppf(0.95) * error)
    assert found.p == pytest.approx(2 * norm.sf(abs(found.difference) / error))


def test_images_that_only_repeat_others_of_their_group_add_nothing() -> None:
    twice = np.repeat(np.arange(60), 2)
    once = delong_areas(VALUES, POSITIVE, SINGLE)
    doubled = delong_areas(VALUES[:, twice], POSITIVE[twice], SINGLE[twice])
    assert doubled[0] == pytest.approx(once[0]) and doubled[1] == pytest.approx(once[1])
    naive = delong_areas(VALUES[:, twice], POSITIVE[twice], np.arange(120))
    assert naive[1][0, 0] < 0.6 * once[1][0, 0]


def test_the_variance_of_groups_of_both_kinds_is_that_of_many_draws() -> None:
    rng, areas, variances = np.random.default_rng(1), [], []
    groups, positive = np.repeat(np.arange(40), 2), np.tile([True, False], 40)
    for _ in range(300):
        values = rng.normal(size=40)[groups] + rng.normal(positive * 1.0)
        area, covariance = delong_areas(values[None], positive, groups)
        areas.append(area[0])
        variances.append(covariance[0, 0])
    assert np.mean(variances) == pytest.approx(np.var(areas), rel=0.2)


def test_equal_models_do_not_differ_and_one_kind_has_no_area() -> None:
    same = delong_difference(VALUES[[0, 0]], POSITIVE, SINGLE)
    assert (same.difference, same.p) == (0, 1)
    alone = delong_difference(VALUES[:2], np.arange(60) == 3, SINGLE)
    assert np.isnan([alone.low, alone.high, alone.p]).all()
