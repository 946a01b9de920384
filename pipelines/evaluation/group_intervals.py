"""Values of scores with their intervals: which method is used for which score.

The bootstrap draws whole groups (see ``intervals``). Where every group is a single case, a plain
proportion has a closed interval that holds better in small samples, and takes it. Where all of its
images are hits, or none, all resamples agree, though a few groups show little: it takes the closed
interval of as many trials as there are groups, which is that of images that resemble each other
wholly within a group (the effective sample of Korn and Graubard 1998, "Confidence intervals for
proportions with small expected number of positive counts estimated from survey data", Survey
Methodology 24:193-201, at its least). Any other score of which all resamples agree has no interval.

An expected calibration error has no interval. Its value lies above the true one, the more so the
fewer the images and the better the calibration, and that of a resample lies above the value; no
interval of the bootstrap holds the truth as often as it says (``benchmarks/interval_coverage.py``).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.evaluation.bca import bca_bounds
from pipelines.evaluation.clopper_pearson import clopper_pearson_bounds
from pipelines.evaluation.group_statistics import GroupStatistics, Quantity, Table
from pipelines.evaluation.resampling import resample_counts
from pipelines.evaluation.wilson import wilson_bounds

METHODS = ("percentile", "bca")
"""Intervals of the bootstrap."""

PROPORTIONS: dict[str, Callable[[int, int, float], tuple[float, float]]] = {
    "wilson": wilson_bounds,
    "clopper-pearson": clopper_pearson_bounds,
}
"""Closed intervals of a proportion of independent images."""

BOOTSTRAP = "bootstrap"
"""In place of a closed interval: proportions are resampled while their resamples differ."""

_ROUNDING = 1e-6  # of single precision, relative to the value
_AT_ONCE = 400_000  # counts of one step: they stay in the processor's cache


class IntervalOptions(NamedTuple):
    """How intervals are made.

    Attributes:
        resamples: number of bootstrap resamples.
        seed: of the bootstrap.
        level: of confidence, in (0, 1).
        method: one of ``METHODS``.
        proportion: one of ``PROPORTIONS``, or ``bootstrap``.
    """

    resamples: int = 10_000
    seed: int = 0
    level: float = 0.95
    method: str = "percentile"
    proportion: str = "wilson"


def score_entries(
    statistics: GroupStatistics, options: IntervalOptions
) -> list[tuple[Quantity, dict[str, Any]]]:
    """Computes every score with its interval.

    Args:
        statistics: the scores.
        options: how the intervals are made.

    Returns:
        A pair for each score: what it is, and its entry with ``value``, ``n``, ``unit``,
        ``groups``, ``low``, ``high``, ``level``, ``interval`` (the method) and ``description``. A
        value that is not defined is None; so are the bounds where fewer than two groups count (for
        a mean over the classes: of any class), where all resamples agree though the score is no
        plain proportion, and of a score that resampling inflates. ``interval`` is ``percentile``
        where a BCa interval is not defined.
    """
    values = statistics.values(np.ones((1, statistics.groups)))[0]
    drawn = resampled_values(statistics, options.resamples, options.seed)
    left_out = left_out_values(statistics) if options.method == "bca" else None
    entries = []
    for column, (quantity, value) in enumerate(zip(statistics.quantities, values, strict=True)):
        jackknife = None if left_out is None else left_out[:, column]
        low, high, method = _bounds(quantity, value, drawn[:, column], jackknife, options)
        entries.append((quantity, _entry(quantity, float(value), low, high, method, options.level)))
    return entries


def resampled_values(statistics: GroupStatistics, resamples: int, seed: int) -> Table:
    """Computes every score over resampled groups.

    Args:
        statistics: the scores.
        resamples: number of resamples.
        seed: of the draws; the same as in ``intervals``.

    Returns:
        (resamples, quantities); NaN where a resample does not define a score.
    """
    steps = [statistics.values(counts) for counts in drawn_counts(statistics, resamples, seed)]
    return np.concatenate(steps)


def drawn_counts(statistics: GroupStatistics, resamples: int, seed: int) -> Iterator[Table]:
    """Yields how often each group is drawn, few resamples at a time, in single precision."""
    rows = max(1, _AT_ONCE // max(statistics.groups, 1))
    for counts in resample_counts(statistics.groups, resamples, seed):
        for start in range(0, len(counts), rows):
            yield counts[start : start + rows].astype(np.float32)


def left_out_values(statistics: GroupStatistics) -> Table:
    """Computes every score with each group left out in turn, (groups, quantities)."""
    count = statistics.groups
    rows = max(1, _AT_ONCE // max(count, 1))
    steps = []
    for start in range(0, count, rows):
        place = np.arange(start, min(start + rows, count))
        counts = np.ones((len(place), count))
        counts[np.arange(len(place)), place] = 0
        steps.append(statistics.values(counts))
    return np.concatenate(steps)


def percentile_bounds(resampled: NDArray[np.floating], level: float) -> tuple[float, float]:
    """Gives the percentile interval of the resamples that define a score; NaN without any."""
    drawn = resampled[~np.isnan(resampled)]
    if not drawn.size:
        return math.nan, math.nan
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def difference_bounds(
    value: float, resampled: NDArray[np.floating], level: float, inflated: bool = False
) -> tuple[float, float]:
    """Gives the interval of a difference of a score between two tables, or two models.

    Args:
        value: the difference.
        resampled: its resamples, (resamples,); NaN is left out.
        level: of confidence, in (0, 1).
        inflated: whether resampling alone raises the score: it then has no interval.

    Returns:
        Both bounds; NaN where there are none.
    """
    if inflated:
        return math.nan, math.nan
    return percentile_bounds(resampled, level)


def has_width(low: float, high: float, scale: float = 1.0) -> bool:
    """Tells whether resamples differ by more than rounding; False without bounds.

    Args:
        low: lower bound.
        high: upper bound.
        scale: the value whose digits were rounded; 1 for a difference of scores.
    """
    return high - low > _ROUNDING * abs(scale)


def _bounds(
    quantity: Quantity,
    value: float,
    drawn: NDArray[np.floating],
    left_out: NDArray[np.floating] | None,
    options: IntervalOptions,
) -> tuple[float, float, str]:
    """Gives both bounds and the method that made them."""
    closed = _closed_bounds(quantity, options) if quantity.groups else None
    if closed:
        return closed
    low, high, method = _resampled_bounds(value, drawn, left_out, options)
    if quantity.inflated or not has_width(low, high, value):
        return math.nan, math.nan, method
    return low, high, method


def _resampled_bounds(
    value: float,
    drawn: NDArray[np.floating],
    left_out: NDArray[np.floating] | None,
    options: IntervalOptions,
) -> tuple[float, float, str]:
    """Gives the BCa interval where it is wanted and defined, else the percentile interval."""
    if left_out is not None:
        low, high = bca_bounds(value, drawn, left_out, options.level)
        if not math.isnan(low):
            return low, high, "bca"
    return *percentile_bounds(drawn, options.level), "percentile"


def _closed_bounds(quantity: Quantity, options: IntervalOptions) -> tuple[float, float, str] | None:
    """Gives the bounds of a proportion where a closed interval is the better one."""
    if quantity.proportion is None:
        return None
    hits, trials = quantity.proportion
    method = "wilson" if options.proportion == BOOTSTRAP else options.proportion
    if quantity.groups == trials and options.proportion != BOOTSTRAP:
        return *PROPORTIONS[method](hits, trials, options.level), method
    if hits in (0, trials):
        trials = quantity.groups
        return *PROPORTIONS[method](trials if hits else 0, trials, options.level), method
    return None


def _entry(
    quantity: Quantity, value: float, low: float, high: float, method: str, level: float
) -> dict[str, Any]:
    defined = not math.isnan(value)
    bounded = defined and quantity.resampled_groups >= 2 and not math.isnan(low)
    return {
        "value": value if defined else None,
        "n": quantity.n,
        "unit": quantity.unit,
        "groups": quantity.groups,
        "low": low if bounded else None,
        "high": high if bounded else None,
        "level": level,
        "interval": method if bounded else None,
        "description": quantity.description,
    }
