"""Bias-corrected and accelerated bootstrap intervals.

Source: Efron 1987, "Better Bootstrap Confidence Intervals", doi:10.1080/01621459.1987.10478410.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm


def bca_bounds(
    value: float,
    resampled: NDArray[np.floating],
    left_out: NDArray[np.floating],
    level: float = 0.95,
) -> tuple[float, float]:
    """Gives the bounds of one score.

    Args:
        value: the score over all groups.
        resampled: its values over resampled groups, (resamples,); NaN is left out.
        left_out: its values with each group left out in turn, (groups,); NaN is left out.
        level: share of the distribution inside the interval, in (0, 1).

    Returns:
        Lower and upper bound; NaN both where the correction is not defined: all resamples lie on
        one side of the value, or leaving any group out changes nothing.
    """
    drawn = resampled[~np.isnan(resampled)]
    kept = left_out[~np.isnan(left_out)]
    if not drawn.size or not kept.size or np.isnan(value):
        return np.nan, np.nan
    below = (np.mean(drawn < value) + np.mean(drawn <= value)) / 2
    deviations = kept.mean() - kept
    spread = np.sum(deviations**2)
    if not 0 < below < 1 or spread <= 1e-24:
        return np.nan, np.nan
    acceleration = np.sum(deviations**3) / (6 * spread**1.5)
    bias, tails = norm.ppf(below), norm.ppf([(1 - level) / 2, (1 + level) / 2])
    shares = norm.cdf(bias + (bias + tails) / (1 - acceleration * (bias + tails)))
    low, high = np.quantile(drawn, shares)
    return float(low), float(high)
