"""Scores of a classification with intervals, computed from the table of cases alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from pipelines.evaluation.calibration_scores import BINS
from pipelines.evaluation.classification_statistics import ClassificationStatistics
from pipelines.evaluation.group_intervals import (
    IntervalOptions,
    resampled_values,
    score_entries,
)
from pipelines.evaluation.group_statistics import Table

HIGHEST = "The predicted class is the one of the highest probability."

MEANS = (
    "Macro scores are means over the "
    "classes; a class without images does not count, except that one which is predicted all the "
    "same counts 0 in macro precision and F1. Resamples that lack a class that has images are left "
    "out of the intervals of such means. AUROC and average precision are one class "
    "against the others. The calibration error has "
    f"{BINS} bins of equal width; it is too large where images are few, and has no interval."
)
POLICY = f"{HIGHEST} {MEANS}"


def classification_scores(
    cases: pd.DataFrame,
    labels: Sequence[str],
    resamples: int = 10_000,
    seed: int = 0,
    level: float = 0.95,
) -> dict[str, Any]:
    """Computes every score with its interval, as ``med2d score`` does; see ``group_intervals``.

    Args:
        cases: table of cases with the columns of ``classification_columns``, in any order.
        labels: the class names in the order of their indices.
        resamples: number of bootstrap resamples.
        seed: of the bootstrap.
        level: share of the resamples inside an interval, in (0, 1).

    Returns:
        ``scores`` and ``by_class`` (class to scores): entries with ``value``, ``n``, ``unit``,
        ``groups``, ``low``, ``high``, ``level``, ``interval`` and ``description``, see
        ``score_entries``; ``confusion`` (rows the truth), ``labels``, ``resamples``, ``seed``,
        ``policy``. What is not defined is None.
    """
    statistics = _statistics(cases, labels)
    options = IntervalOptions(resamples, seed, level)
    parts: dict[str, dict[str, Any]] = {part: {} for part in ("", *labels)}
    for quantity, entry in score_entries(statistics, options):
        parts[quantity.part][quantity.score] = entry
    return {
        "scores": parts.pop(""),
        "by_class": parts,
        "confusion": statistics.confusion.astype(int).tolist(),
        "labels": list(labels),
        "resamples": resamples,
        "seed": seed,
        "policy": POLICY,
    }


def point_scores(cases: pd.DataFrame, labels: Sequence[str]) -> dict[str, float]:
    """Computes the scores of all classes together without intervals; NaN where not defined."""
    statistics = _statistics(cases, labels)
    (values,) = statistics.values(np.ones((1, statistics.groups)))
    return {name: float(values[column]) for name, column in _overall(statistics)}


def resampled_scores(
    cases: pd.DataFrame, labels: Sequence[str], resamples: int = 10_000, seed: int = 0
) -> dict[str, Table]:
    """Computes the scores of all classes together over resampled groups.

    Args:
        cases: table of cases with the columns of ``classification_columns``, in any order.
        labels: the class names in the order of their indices.
        resamples: number of bootstrap resamples.
        seed: of the bootstrap.

    Returns:
        Score to its values, (resamples,); NaN where a resample does not define it.
    """
    statistics = _statistics(cases, labels)
    drawn = resampled_values(statistics, resamples, seed)
    return {name: drawn[:, column] for name, column in _overall(statistics)}


def _statistics(cases: pd.DataFrame, labels: Sequence[str]) -> ClassificationStatistics:
    """Prepares the cases in one order, so that sums round alike however the table is sorted."""
    return ClassificationStatistics(cases.sort_values(["id", "group"]), labels)


def _overall(statistics: ClassificationStatistics) -> list[tuple[str, int]]:
    """Gives the scores of all classes together, each with its column."""
    return [
        (quantity.score, column)
        for column, quantity in enumerate(statistics.quantities)
        if not quantity.part
    ]
