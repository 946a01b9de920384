import numpy as np
import pytest
from sklearn import metrics

from pipelines.evaluation.ranking_scores import auroc, average_precision, ranking


@pytest.mark.parametrize("digits", [1, 9])
@pytest.mark.parametrize("seed", range(3))
def test_the_scores_are_those_of_scikit_learn(seed: int, digits: int) -> None:
    rng = np.random.default_rng(seed)
    positive = rng.random(80) < 0.3
    probabilities = np.round(np.clip(rng.normal(positive * 0.3 + 0.4, 0.3), 0, 1), digits)
    weights = rng.integers(0, 4, (5, 80)).astype(float)
    ranked = ranking(probabilities, positive)
    for row, area, precision in zip(
        weights, auroc(ranked, weights), average_precision(ranked, weights), strict=True
    ):
        cases = np.repeat(np.arange(80), row.astype(int))
        assert area == pytest.approx(metrics.roc_auc_score(positive[cases], probabilities[cases]))
        expected = metrics.average_precision_score(positive[cases], probabilities[cases])
        assert precision == pytest.approx(expected)


def test_equal_probabilities_are_a_guess() -> None:
    ranked = ranking(np.full(4, 0.5), np.array([True, False, False, True]))
    assert auroc(ranked, np.ones((1, 4)))[0] == 0.5


def test_one_class_alone_has_no_score() -> None:
    ranked = ranking(np.array([0.1, 0.9]), np.array([True, True]))
    assert np.isnan(auroc(ranked, np.ones((1, 2)))[0])
    ranked = ranking(np.array([0.1, 0.9]), np.array([False, False]))
    assert np.isnan(average_precision(ranked, np.ones((1, 2)))[0])
