"""Confidence intervals of scores by the cluster bootstrap.

Images of one patient (or near-duplicates of one image) resemble each other, so that drawing images
one by one would make every interval too narrow. Whole groups are drawn instead, with replacement.

Every score here is a ratio of two sums over cases: a mean is the sum of values over the number of
cases, a pooled precision the sum of true positives over the sum of predicted pixels. A resample
then needs only how often each group was drawn, and all resamples are one matrix product.

Sources: Efron and Tibshirani 1993, "An Introduction to the Bootstrap", chapter 13 (percentile
interval); Field and Welsh 2007, "Bootstrapping clustered data", Journal of the Royal Statistical
Society B 69(3):369-390 (the cluster bootstrap).
"""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

DRAWS_AT_ONCE = 2_000_000
"""Draws held in memory together: three arrays of 16 MB while a chunk is worked on."""


class Intervals(NamedTuple):
    """Values of S scores with the bounds of their intervals; each float64, (S,), NaN if undefined.

    Attributes:
        values: the scores over all cases.
        low: lower bounds.
        high: upper bounds.
    """

    values: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def ratio_intervals(
    numerators: ArrayLike,
    denominators: ArrayLike,
    groups: ArrayLike,
    resamples: int = 10_000,
    seed: int = 0,
    level: float = 0.95,
) -> Intervals:
    """Return ratios of sums over cases with percentile intervals over resampled groups.

    All scores see the same resamples. A resample in which a score's denominator is 0 (no normal
    image was drawn, say) is left out for that score.

    Args:
        numerators: what each case adds above the line, (cases, S); finite.
        denominators: what each case adds below the line, (cases, S); finite, at least 0.
        groups: group of each case, (cases,); anything that numpy can sort.
        resamples: number of bootstrap resamples, at least 1.
        seed: seed of the draws; the same seed gives the same intervals.
        level: share of the resamples inside the interval, in (0, 1).

    Returns:
        Values and bounds. A value is NaN where its whole denominator is 0. Both bounds are NaN
        where fewer than 2 groups have a denominator: one group says nothing about the spread
        between groups.

    Raises:
        ValueError: shapes do not fit, numbers are not finite, or an option is out of its range.

    Examples:
        >>> intervals = ratio_intervals([[1], [0], [1], [1]], [[1]] * 4, ["a", "b", "c", "d"])
        >>> [float(bound[0]) for bound in intervals]
        [0.75, 0.25, 1.0]
    """
    above, below = np.asarray(numerators, dtype=float), np.asarray(denominators, dtype=float)
    names = np.asarray(groups)
    _check_cases(above, below, names)
    _check_options(resamples, level)
    sums = group_sums(np.hstack([above, below]), names)
    drawn = np.concatenate(
        [counts @ sums for counts in resample_counts(len(sums), resamples, seed)]
    )
    values = _divide(exact_sums(above), exact_sums(below))
    low, high = _percentiles(_divide(*np.split(drawn, 2, axis=1)), level)
    too_few = np.count_nonzero(np.split(sums, 2, axis=1)[1], axis=0) < 2
    low[too_few] = high[too_few] = np.nan
    return Intervals(values, low, high)


def exact_sums(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum each column of (cases, S) without rounding in between, so that no order matters."""
    return np.array([math.fsum(column) for column in values.T])


def group_sums(values: NDArray[np.float64], groups: NDArray) -> NDArray[np.float64]:
    """Sum the rows of each group.

    Args:
        values: (cases, S).
        groups: group of each case, (cases,).

    Returns:
        Sums, (groups, S), in the sorted order of the groups' names: the order of the cases has no
        part in which group a draw picks.
    """
    names, index = np.unique(groups, return_inverse=True)
    sums = np.zeros((names.size, values.shape[1]))
    np.add.at(sums, index, values)
    return sums


def resample_counts(groups: int, resamples: int, seed: int) -> Iterator[NDArray[np.float64]]:
    """Yield how often each group is drawn in each resample, a chunk of resamples at a time.

    A row is one draw of ``groups`` groups with replacement (a multinomial vector). Drawing indices
    and counting them is many times faster than ``Generator.multinomial`` for thousands of groups.

    Args:
        groups: number of groups, G.
        resamples: number of resamples, B.
        seed: seed of the draws.

    Yields:
        Counts, float64 (ready for a matrix product), (chunk, G); the chunks have B rows together
        and their size does not change the draws. Nothing where there are no groups.
    """
    generator = np.random.default_rng(seed)
    chunk = max(1, DRAWS_AT_ONCE // max(groups, 1))
    for start in range(0, resamples, chunk):
        rows = min(chunk, resamples - start)
        draws = (
            generator.integers(0, groups, size=(rows, groups))
            if groups
            else np.zeros((rows, 0), int)
        )
        draws += groups * np.arange(rows)[:, None]
        counts = np.bincount(draws.ravel(), minlength=rows * groups)
        yield counts.reshape(rows, groups).astype(float)


def _divide(above: NDArray[np.float64], below: NDArray[np.float64]) -> NDArray[np.float64]:
    """Divide; NaN where the denominator is 0."""
    return np.divide(above, below, out=np.full_like(above, np.nan), where=below != 0)


def _percentiles(
    ratios: NDArray[np.float64], level: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the bounds of each column of (B, S) without its NaN; NaN where nothing is left."""
    tails = [(1 - level) / 2, (1 + level) / 2]
    bounds = np.full((2, ratios.shape[1]), np.nan)
    for column, values in enumerate(ratios.T):
        defined = values[~np.isnan(values)]
        if defined.size:
            bounds[:, column] = np.quantile(defined, tails)
    return bounds[0], bounds[1]


def _check_cases(
    numerators: NDArray[np.float64], denominators: NDArray[np.float64], groups: NDArray
) -> None:
    """Refuse tables that do not fit together or hold what cannot be summed."""
    if numerators.ndim != 2 or numerators.shape != denominators.shape:
        raise ValueError(
            f"numerators have shape {numerators.shape} and denominators {denominators.shape}; "
            "expected the same (cases, scores)"
        )
    if groups.shape != numerators.shape[:1]:
        raise ValueError(f"groups have shape {groups.shape}; expected ({len(numerators)},)")
    if not (np.isfinite(numerators).all() and np.isfinite(denominators).all()):
        raise ValueError(
            "numerators and denominators must be finite; give 0 to both for a case without a score"
        )
    if (denominators < 0).any():
        raise ValueError("denominators must be at least 0")


def _check_options(resamples: int, level: float) -> None:
    """Refuse options outside of their ranges."""
    if resamples < 1 or not 0 < level < 1:
        raise ValueError(
            f"resamples={resamples}, level={level}; expected at least 1 resample, 0 < level < 1"
        )
