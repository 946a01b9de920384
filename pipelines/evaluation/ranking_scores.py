"""Scores of how well a probability ranks images of a class above the others.

Both work on many resamples at once: a resample is a weight for each case (how often it was drawn).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.evaluation.confusion_scores import ratio

Table = NDArray[np.float64]


class Ranking(NamedTuple):
    """Cases in falling order of a probability.

    Attributes:
        order: places of the cases, (cases,).
        positive: whether each case in that order is of the class, (cases,).
        starts: places in that order where a new value begins, (values,).
    """

    order: NDArray[np.int64]
    positive: NDArray[np.bool_]
    starts: NDArray[np.int64]


def ranking(probabilities: Table, positive: NDArray[np.bool_]) -> Ranking:
    """Sorts cases by a probability, once for all resamples.

    Args:
        probabilities: of the class, (cases,).
        positive: whether each case is of the class, (cases,).
    """
    order = np.argsort(-probabilities, kind="stable")
    changes = np.diff(probabilities[order], prepend=np.nan) != 0
    return Ranking(order, positive[order], np.flatnonzero(changes))


def auroc(ranked: Ranking, weights: Table) -> Table:
    """Area under the receiver operating characteristic, ties counted by half.

    It is the probability that an image of the class gets a higher value than another one.

    Args:
        ranked: the cases in order.
        weights: weight of each case, (resamples, cases).

    Returns:
        Areas in [0, 1], (resamples,); NaN where the class or the others have no weight.

    Source: Hanley and McNeil 1982, doi:10.1148/radiology.143.1.7063747.
    """
    hits, misses = _by_value(ranked, weights)
    above = np.cumsum(hits, axis=1) - hits
    wins = (misses * (above + hits / 2)).sum(axis=1)
    return ratio(wins, hits.sum(axis=1) * misses.sum(axis=1))


def average_precision(ranked: Ranking, weights: Table) -> Table:
    """Mean precision over the recalls that each value of the probability reaches.

    Args:
        ranked: the cases in order.
        weights: weight of each case, (resamples, cases).

    Returns:
        Values in [0, 1], (resamples,); NaN where the class has no weight. No interpolation, as
        scikit-learn computes it.
    """
    hits, misses = _by_value(ranked, weights)
    true, false = np.cumsum(hits, axis=1), np.cumsum(misses, axis=1)
    precision = np.nan_to_num(ratio(true, true + false))
    return ratio((hits * precision).sum(axis=1), hits.sum(axis=1))


def _by_value(ranked: Ranking, weights: Table) -> tuple[Table, Table]:
    """Sums the weights of the class and of the others at each value, (resamples, values)."""
    ordered = weights[:, ranked.order]
    hits = np.where(ranked.positive, ordered, 0.0)
    sums = np.add.reduceat(ordered, ranked.starts, axis=1)
    true = np.add.reduceat(hits, ranked.starts, axis=1)
    return true, sums - true
