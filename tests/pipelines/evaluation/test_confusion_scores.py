import warnings

import numpy as np
import pytest
from sklearn import metrics

from pipelines.evaluation.confusion_scores import (
    BY_CLASS,
    OVERALL,
    balanced_accuracy,
    macro_f1,
    macro_precision,
)

REFERENCES = {
    "balanced_accuracy": metrics.balanced_accuracy_score,
    "accuracy": metrics.accuracy_score,
    "macro_precision": lambda t, p: metrics.precision_score(t, p, average="macro"),
    "macro_f1": lambda t, p: metrics.f1_score(t, p, average="macro"),
    "kappa": metrics.cohen_kappa_score,
    "recall": lambda t, p: metrics.recall_score(t, p, average=None),
    "precision": lambda t, p: metrics.precision_score(t, p, average=None, zero_division=np.nan),
    "f1": lambda t, p: metrics.f1_score(t, p, average=None),
}


@pytest.mark.parametrize("name", [*OVERALL, *BY_CLASS])
@pytest.mark.parametrize("seed", range(4))
def test_the_scores_are_those_of_scikit_learn(name: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth, predicted = rng.integers(0, 4, 60), rng.integers(0, 4, 60)
    predicted = np.where(rng.random(60) < 0.5, truth, predicted)
    if seed == 3:
        predicted[predicted == 2] = 1  # a class that is never predicted
    confusion = metrics.confusion_matrix(truth, predicted, labels=range(4)).astype(float)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = REFERENCES[name](truth, predicted)
    function, _ = {**OVERALL, **BY_CLASS}[name]
    assert np.allclose(function(confusion), expected, atol=1e-12, equal_nan=True)
    twice = function(np.stack([confusion] * 2))
    assert np.allclose(twice, [expected, expected], equal_nan=True)


def test_a_class_without_images_does_not_count() -> None:
    confusion = np.array([[3.0, 1, 0], [0, 4, 0], [0, 0, 0]])
    assert balanced_accuracy(confusion) == pytest.approx((0.75 + 1) / 2)
    assert np.isnan(balanced_accuracy(np.zeros((3, 3))))


def test_the_classes_that_count_in_a_macro_score_can_be_given() -> None:
    confusion = np.array([[3.0, 1, 0], [0, 4, 0], [0, 0, 0]])
    every = np.ones(3, dtype=bool)
    assert macro_precision(confusion) == pytest.approx((1 + 0.8) / 2)
    assert macro_precision(confusion, every) == pytest.approx((1 + 0.8) / 3)
    assert macro_f1(confusion, every) == pytest.approx((6 / 7 + 8 / 9) / 3)
