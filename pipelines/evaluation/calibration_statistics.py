"""The scores that a temperature changes, of a table of cases, with their intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from pipelines.evaluation.calibration_scores import (
    BINS,
    brier_terms,
    confidence_terms,
    expected_calibration_error,
    log_loss_terms,
)
from pipelines.evaluation.classification import PREFIX
from pipelines.evaluation.classification_statistics import DESCRIPTIONS, INFLATED
from pipelines.evaluation.confusion_scores import ratio
from pipelines.evaluation.group_intervals import IntervalOptions, score_entries
from pipelines.evaluation.group_statistics import Quantity, Table, counted
from pipelines.evaluation.resampling import group_sums

SCORES: Mapping[str, str] = {
    "log_loss": "Mean negative logarithm of the probability of the true class, at least 0.",
    **{name: DESCRIPTIONS[name] for name in ("brier", "calibration_error")},
}
"""Score to what it is, in a sentence; of all of them less is better."""


class CalibrationStatistics:
    """Log loss, Brier score and expected calibration error; a ``GroupStatistics``.

    Args:
        cases: table with ``group``, ``class``, and ``p_<class>`` for each class.
        labels: the class names in the order of their indices.
    """

    def __init__(self, cases: pd.DataFrame, labels: Sequence[str]) -> None:
        probabilities = cases[[PREFIX + name for name in labels]].to_numpy(dtype=float)
        places = {name: place for place, name in enumerate(labels)}
        truth = np.array(cases["class"].map(places), dtype=np.int64)
        groups = cases["group"].to_numpy(dtype=str)
        means = [log_loss_terms(probabilities, truth), brier_terms(probabilities, truth)]
        bins = confidence_terms(probabilities, truth).reshape(len(cases), -1)
        ones = np.ones(len(cases))
        self._sums = group_sums(np.column_stack([ones, *means, bins]), groups)
        self.groups = len(self._sums)
        number = counted(ones.astype(bool), groups)
        self.quantities: Sequence[Quantity] = [
            Quantity(name, "", text, "images", *number, inflated=name in INFLATED)
            for name, text in SCORES.items()
        ]

    def values(self, counts: Table) -> Table:
        """Gives every score for each row of counts; see ``GroupStatistics``."""
        sums = counts.astype(float, copy=False) @ self._sums
        total = sums[:, 0]
        error = expected_calibration_error(sums[:, 3:].reshape(-1, 2, BINS), total)
        return np.column_stack([ratio(sums[:, 1], total), ratio(sums[:, 2], total), error])


def calibration_values(cases: pd.DataFrame, labels: Sequence[str]) -> dict[str, float]:
    """Computes each of ``SCORES`` without intervals.

    Args:
        cases: see ``CalibrationStatistics``; at least one, in any order.
        labels: the class names in the order of their indices.
    """
    statistics = _statistics(cases, labels)
    (values,) = statistics.values(np.ones((1, statistics.groups)))
    return dict(zip(SCORES, values.tolist(), strict=True))


def calibration_entries(
    cases: pd.DataFrame, labels: Sequence[str], resamples: int = 10_000, seed: int = 0
) -> dict[str, dict[str, Any]]:
    """Computes each of ``SCORES`` with its interval; see ``group_intervals.score_entries``.

    Args:
        cases: see ``CalibrationStatistics``; at least one, in any order.
        labels: the class names in the order of their indices.
        resamples: number of bootstrap resamples.
        seed: of the bootstrap.
    """
    entries = score_entries(_statistics(cases, labels), IntervalOptions(resamples, seed))
    return {quantity.score: entry for quantity, entry in entries}


def _statistics(cases: pd.DataFrame, labels: Sequence[str]) -> CalibrationStatistics:
    """Prepares the cases in one order, so that sums round alike however the table is sorted."""
    return CalibrationStatistics(cases.sort_values(["id", "group"]), labels)
