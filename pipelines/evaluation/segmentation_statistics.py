"""Every score of a segmentation for any counts of groups, from as many columns as a table has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.evaluation.group_statistics import Quantity, Table, counted
from pipelines.evaluation.ratio_statistics import RatioStatistics
from pipelines.evaluation.segmentation_ratios import SCORES, SCORES_BY_CLASS, Score

PRESENCE = (("lesions",), ("lesion_area",), ("tp", "fn"))
"""Columns that tell which images have a lesion; the first that there are count."""

_MADE = ("has_lesion", "is_normal", "image")
_SHARES = ("false_positive_rate", "lesion_precision", "lesion_recall")
"""Scores that are plain shares of images or of lesions."""


def available_scores(cases: pd.DataFrame) -> dict[str, Score]:
    """Gives the scores whose columns a table holds.

    Args:
        cases: table of cases with any of the columns of ``cases.SEGMENTATION_COLUMNS``.
    """
    known = {*cases.columns, *_MADE}
    return {
        name: score
        for name, score in SCORES.items()
        if known.issuperset({*score.above, *score.below, *score.counts})
    }


def has_lesion(cases: pd.DataFrame) -> pd.Series:
    """Tells which images have a lesion.

    Args:
        cases: table of cases. Without the columns of ``PRESENCE``, an image has a lesion where
            ``dice``, ``iou`` or ``recall`` (the first that there is) is not empty; without these,
            too, where ``false_positive`` is.
    """
    for names in PRESENCE:
        if set(names) <= set(cases.columns):
            return cases[list(names)].astype(float).sum(axis=1) > 0
    for name in ("dice", "iou", "recall"):
        if name in cases:
            return cases[name].notna()
    if "false_positive" in cases:
        return cases["false_positive"].isna()
    return pd.Series(True, index=cases.index)


def segmentation_statistics(cases: pd.DataFrame) -> RatioStatistics:
    """Prepares the scores of all images together, and Dice and IoU by class.

    Args:
        cases: table with ``group`` and at least one score's columns; ``class`` may be missing.
    """
    lesion = has_lesion(cases)
    marked = cases.assign(has_lesion=lesion, is_normal=~lesion, image=True)
    groups = cases["group"].to_numpy(dtype=str)
    columns = list(_columns(marked, available_scores(cases), lesion))
    above = np.stack([column[0] for column in columns], axis=1)
    below = np.stack([column[1] for column in columns], axis=1)
    quantities = [_quantity(*column, groups) for column in columns]
    return RatioStatistics(above, below, groups, quantities)


Column = tuple[Table, Table, Table, str, str, Score]


def _columns(
    marked: pd.DataFrame, scores: Mapping[str, Score], lesion: pd.Series
) -> Iterator[Column]:
    """Yields what each case adds above, below and to n, with name, class and score."""
    sums = {
        name: [
            _weighted_sum(marked, side) * marked[score.over].to_numpy(dtype=float)
            for side in (score.above, score.below, score.counts)
        ]
        for name, score in scores.items()
    }
    for name, (above, below, counts) in sums.items():
        yield above, below, counts, name, "", scores[name]
    classes = marked["class"] if "class" in marked else pd.Series("", index=marked.index)
    for name in [name for name in SCORES_BY_CLASS if name in scores]:
        for label in sorted(set(classes[lesion]) - {""}):
            part = (classes == label).to_numpy(dtype=float)
            above, below, counts = (side * part for side in sums[name])
            yield above, below, counts, name, str(label), scores[name]


def _quantity(
    above: Table, below: Table, counts: Table, name: str, part: str, score: Score, groups: NDArray
) -> Quantity:
    hits = (round(above.sum()), round(below.sum()))
    defined = below.any()
    return Quantity(
        name,
        part,
        score.description,
        score.unit,
        int(counts.sum()) if defined else 0,
        counted(counts > 0, groups)[1] if defined else 0,
        hits if name in _SHARES and defined else None,
    )


def _weighted_sum(cases: pd.DataFrame, weights: Mapping[str, float]) -> Table:
    """Gives the weighted sum of columns for each case, (cases,); an empty cell adds nothing."""
    total = np.zeros(len(cases))
    for name, weight in weights.items():
        total += weight * np.nan_to_num(cases[name].to_numpy(dtype=float, na_value=0))
    return total
