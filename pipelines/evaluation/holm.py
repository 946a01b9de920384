"""Correction of p values for how many there are.

Source: Holm 1979, "A Simple Sequentially Rejective Multiple Test Procedure", Scandinavian Journal
of Statistics 6(2):65-70 (it has no DOI; https://www.jstor.org/stable/4615733).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def holm_adjusted(values: Sequence[float]) -> list[float]:
    """Gives the adjusted p values, in the order of the given ones.

    The chance that any true null hypothesis is rejected at all stays below the level.

    Args:
        values: p values; NaN stays NaN and counts for none.

    Examples:
        >>> [round(p, 2) for p in holm_adjusted([0.01, 0.04, 0.03])]
        [0.03, 0.06, 0.06]
    """
    given = np.asarray(values, dtype=float)
    adjusted = np.full(given.shape, np.nan)
    order = np.argsort(given)[: int((~np.isnan(given)).sum())]
    factors = len(order) - np.arange(len(order))
    adjusted[order] = np.minimum(1, np.maximum.accumulate(factors * given[order]))
    return [float(value) for value in adjusted]
