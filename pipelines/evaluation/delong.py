"""The areas under several ROC curves over the same images, and whether they differ.

Sources: DeLong, DeLong and Clarke-Pearson 1988, doi:10.2307/2531595; by midranks as in Sun and Xu
2014, doi:10.1109/LSP.2014.2337313; for several images of a group, Obuchowski 1997,
doi:10.2307/2533958, which is the same where every group is a single image.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, rankdata


class AreaDifference(NamedTuple):
    """The difference of two areas, the second minus the first.

    Attributes:
        difference: of the areas.
        low: lower bound of its interval.
        high: upper bound of its interval.
        p: two-sided p value; 1 where the areas are equal, whatever their variance.
    """

    difference: float
    low: float
    high: float
    p: float


def delong_areas(
    values: NDArray[np.float64], positive: NDArray[np.bool_], groups: NDArray
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Computes areas and their covariance.

    Args:
        values: of each model for each case, such as probabilities, (models, cases).
        positive: whether each case is of the class, (cases,).
        groups: group of each case, (cases,).

    Returns:
        Areas, (models,), and covariance, (models, models); NaN where fewer than two groups have a
        case of the class, or fewer than two one of the others.
    """
    wins = np.stack([_wins(row, positive) for row in values])
    areas = wins[:, positive].mean(axis=1) if positive.any() else np.full(len(values), np.nan)
    names, index = np.unique(groups, return_inverse=True)
    parts = [
        _group_sums(wins - areas[:, None], side, index, len(names)) for side in _sides(positive)
    ]
    counts = [int(side.sum()) for side in _sides(positive)]
    behind = [len(np.unique(index[side])) for side in _sides(positive)]
    if min(behind) < 2:
        return areas, np.full((len(values), len(values)), np.nan)
    own = [
        n / (n - 1) * part @ part.T / count**2
        for part, count, n in zip(parts, counts, behind, strict=True)
    ]
    both = len(names) / (len(names) - 1) * parts[0] @ parts[1].T / (counts[0] * counts[1])
    return areas, own[0] + own[1] + both + both.T


def delong_difference(
    values: NDArray[np.float64],
    positive: NDArray[np.bool_],
    groups: NDArray,
    level: float = 0.95,
) -> AreaDifference:
    """Compares two models on the same images.

    Args:
        values: of both models for each case, (2, cases).
        positive: whether each case is of the class, (cases,).
        groups: group of each case, (cases,).
        level: of the interval, in (0, 1).
    """
    areas, covariance = delong_areas(values, positive, groups)
    difference = float(areas[1] - areas[0])
    variance = covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
    error = float(np.sqrt(max(variance, 0.0))) if not np.isnan(variance) else np.nan
    half = float(norm.ppf((1 + level) / 2)) * error
    if difference == 0 and not np.isnan(error):
        p = 1.0
    else:
        p = float(2 * norm.sf(abs(difference) / error)) if error else np.nan
    return AreaDifference(difference, difference - half, difference + half, p)


def _wins(values: NDArray[np.float64], positive: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Gives the share of cases of the other kind that each case is ranked right against."""
    ranks = rankdata(values)
    wins = np.zeros(len(values))
    for side, other in (_sides(positive), _sides(~positive)):
        above = ranks[side] - rankdata(values[side])  # cases of the other kind below, ties by half
        wins[side] = above / max(other.sum(), 1)
    wins[~positive] = 1 - wins[~positive]
    return wins


def _sides(positive: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    return positive, ~positive


def _group_sums(
    deviations: NDArray[np.float64], side: NDArray[np.bool_], index: NDArray, groups: int
) -> NDArray[np.float64]:
    """Sums the deviations of the cases of one kind within groups, (models, groups)."""
    return np.stack([np.bincount(index[side], row[side], groups) for row in deviations])
