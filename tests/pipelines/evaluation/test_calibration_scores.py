import numpy as np
import pytest
from sklearn.metrics import brier_score_loss

from pipelines.evaluation.calibration_scores import (
    BINS,
    brier_terms,
    confidence_terms,
    expected_calibration_error,
    log_loss_terms,
)


def test_the_brier_score_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    probabilities, labels = rng.dirichlet([1, 1, 1], 50), rng.integers(0, 3, 50)
    expected = brier_score_loss(labels, probabilities, scale_by_half=False, labels=[0, 1, 2])
    assert brier_terms(probabilities, labels).mean() == pytest.approx(expected)


def error(probabilities: np.ndarray, labels: np.ndarray) -> float:
    sums = confidence_terms(probabilities, labels).sum(axis=0)
    return float(expected_calibration_error(sums, np.array(float(len(labels)))))


def test_by_hand() -> None:
    probabilities = np.array([[0.9, 0.1], [0.9, 0.1], [0.4, 0.6], [0.45, 0.55]])
    labels = np.array([0, 1, 1, 1])
    # bins of a fifteenth: 0.9 twice (one right), 0.6 alone, 0.55 alone
    expected = (abs(0.9 + 0.9 - 1) + abs(0.6 - 1) + abs(0.55 - 1)) / 4
    assert error(probabilities, labels) == pytest.approx(expected)


def test_the_log_loss_of_an_image_is_that_of_its_true_class() -> None:
    terms = log_loss_terms(np.array([[0.25, 0.75], [1.0, 0.0]]), np.array([1, 1]))
    assert terms[0] == pytest.approx(-np.log(0.75))
    assert terms[1] == pytest.approx(36.04, abs=0.01)  # of a probability of 0: no infinity


def test_certainty_that_is_right_has_no_error() -> None:
    assert error(np.eye(3), np.arange(3)) == 0
    assert error(np.eye(3), np.array([1, 2, 0])) == 1


def test_every_confidence_falls_into_a_bin() -> None:
    values = np.linspace(0.5, 1, 40)
    terms = confidence_terms(np.stack([values, 1 - values], axis=1), np.zeros(40, int))
    assert terms.shape == (40, 2, BINS) and (terms[:, 1].sum(axis=1) == 1).all()
