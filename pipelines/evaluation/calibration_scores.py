"""Whether probabilities mean what they say."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipelines.evaluation.confusion_scores import ratio

BINS = 15
"""Bins of equal width for the confidence (Guo et al. 2017, arXiv:1706.04599)."""

Table = NDArray[np.float64]


def brier_terms(probabilities: Table, labels: NDArray[np.int64]) -> Table:
    """Squared distance of each image's probabilities from its true class, (cases,), in [0, 2].

    The Brier score is their mean (Brier 1950, doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2).

    Args:
        probabilities: (cases, classes).
        labels: index of each case's class, (cases,).
    """
    truth = np.eye(probabilities.shape[1])[labels]
    return np.square(probabilities - truth).sum(axis=1)


def log_loss_terms(probabilities: Table, labels: NDArray[np.int64]) -> Table:
    """Negative logarithm of the probability of each image's true class, (cases,), at least 0.

    A probability of 0 counts as the smallest step of a float above 1 (2.2e-16), as in
    scikit-learn's ``log_loss``, so that a single image cannot make the mean infinite.

    Args:
        probabilities: (cases, classes).
        labels: index of each case's class, (cases,).
    """
    of_truth = probabilities[np.arange(len(labels)), labels]
    return -np.log(np.clip(of_truth, np.finfo(np.float64).eps, 1.0))


def confidence_terms(probabilities: Table, labels: NDArray[np.int64]) -> Table:
    """What each case adds to the bins of the calibration error.

    Args:
        probabilities: (cases, classes).
        labels: index of each case's class, (cases,).

    Returns:
        (cases, 2, BINS): the confidence (largest probability), and whether it was right, each in
        the bin of the confidence.
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    places = np.clip(np.ceil(confidence * BINS).astype(int) - 1, 0, BINS - 1)
    terms = np.zeros((len(labels), 2, BINS))
    cases = np.arange(len(labels))
    terms[cases, 0, places] = confidence
    terms[cases, 1, places] = right
    return terms


def expected_calibration_error(sums: Table, total: Table) -> Table:
    """Mean distance of confidence and accuracy over the bins, weighted by their cases.

    Args:
        sums: sums of ``confidence_terms`` over cases, (..., 2, BINS).
        total: the number of these cases, (...,).

    Returns:
        Errors in [0, 1], (...,); NaN without cases.
    """
    return ratio(np.abs(sums[..., 0, :] - sums[..., 1, :]).sum(axis=-1), total)
