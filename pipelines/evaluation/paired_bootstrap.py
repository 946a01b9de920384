"""Differences between two models over the same resampled groups.

Source: Efron and Tibshirani 1993, "An Introduction to the Bootstrap", chapter 8; the groups are
drawn as in ``intervals``.
"""

from __future__ import annotations

import numpy as np

from pipelines.evaluation.group_intervals import drawn_counts
from pipelines.evaluation.group_statistics import GroupStatistics, Table


def paired_differences(
    first: GroupStatistics, second: GroupStatistics, resamples: int, seed: int
) -> Table:
    """Computes the differences of every score, the second model minus the first.

    Args:
        first: scores of one model.
        second: the same scores of the other, over the same groups.
        resamples: number of resamples.
        seed: of the draws.

    Returns:
        (resamples, quantities); NaN where a resample does not define a score, and for a score that
        resampling inflates: how much differs between the models, so that an interval would lie.
    """
    steps = [
        second.values(counts) - first.values(counts)
        for counts in drawn_counts(first, resamples, seed)
    ]
    differences = np.concatenate(steps)
    differences[:, [quantity.inflated for quantity in first.quantities]] = np.nan
    return differences
