"""Scores of maps of several classes with intervals, computed from the table of cases alone."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from pipelines.evaluation.cases import LEAKY, is_leaky
from pipelines.evaluation.class_map_statistics import ClassMapStatistics
from pipelines.evaluation.class_maps import score_column
from pipelines.evaluation.group_intervals import (
    IntervalOptions,
    has_width,
    percentile_bounds,
    resampled_values,
    score_entries,
)

POLICY = (
    "dice, iou, precision, recall and surface_dice of a class are means over the images that hold "
    "it; an image that holds it and where it is not predicted counts 0. Images that do not hold it "
    "are judged by false_positive_rate, and count in every score of pixels. Scores of all classes "
    "are means over the classes but the background (the first), which has its own lines; only "
    "pixel_accuracy counts it. A class that is there and never predicted counts 0 in the mean of "
    "pixel_precision. Resamples that lack a class that has images are left out of the intervals of "
    "such means."
)


def class_map_scores(
    cases: pd.DataFrame,
    labels: Sequence[str],
    resamples: int = 10_000,
    seed: int = 0,
    level: float = 0.95,
) -> dict[str, Any]:
    """Computes every score with its interval, of all classes together and of each.

    The intervals are those of ``med2d score``; see ``group_intervals``.

    Args:
        cases: table of cases with the columns of ``class_maps.class_map_columns``.
        labels: the class names in the order of their indices, the background first.
        resamples: number of bootstrap resamples.
        seed: of the bootstrap.
        level: share of the resamples inside an interval, in (0, 1).

    Returns:
        ``leaky``, ``labels``, ``scores`` (score to entry, see ``group_intervals.score_entries``),
        ``by_class`` (class to scores), ``confusion`` (counts of pixels, rows the truth),
        ``resamples``, ``seed`` and ``policy``. What is not defined is None, with an n of 0.
    """
    statistics = ClassMapStatistics(cases.sort_values(["id", "group"]), labels)
    options = IntervalOptions(resamples, seed, level)
    content: dict[str, Any] = {
        LEAKY: is_leaky(cases),
        "labels": list(labels),
        "scores": {},
        "by_class": {label: {} for label in labels},
    }
    for quantity, entry in score_entries(statistics, options):
        place = content["by_class"][quantity.part] if quantity.part else content["scores"]
        place[quantity.score] = entry
    if statistics.confusion is not None:
        content["confusion"] = statistics.confusion.astype(int).tolist()
    return content | {"resamples": resamples, "seed": seed, "policy": POLICY}


def point_scores(cases: pd.DataFrame, labels: Sequence[str]) -> dict[str, float | None]:
    """Computes the scores of all classes together without intervals, for the end of every epoch.

    Args:
        cases: table of cases.
        labels: the class names in the order of their indices.

    Returns:
        Score to value, as in ``class_map_scores``; None where it is not defined.
    """
    if cases.empty:
        return {}
    statistics = ClassMapStatistics(cases.sort_values(["id", "group"]), labels)
    values = statistics.values(np.ones((1, statistics.groups)))[0]
    return {
        quantity.score: None if math.isnan(value) else float(value)
        for quantity, value in zip(statistics.quantities, values, strict=True)
        if not quantity.part
    }


def class_map_drop(
    own: pd.DataFrame,
    other: pd.DataFrame,
    labels: Sequence[str],
    resamples: int = 10_000,
    seed: int = 0,
    level: float = 0.95,
) -> dict[str, Any]:
    """Says how much worse the scores are on other images than on the fold of the run.

    The mean of each score is over the classes for which both tables define it: others are not the
    same score. The two tables are resampled independently, as in ``score_drop``.

    Args:
        own: cases of the fold that the model was judged by.
        other: cases of other images.
        labels: the class names in the order of their indices.
        resamples: number of bootstrap resamples.
        seed: of the bootstrap; the other table is drawn by the next one.
        level: share of the resamples inside an interval, in (0, 1).

    Returns:
        ``classes`` (those that images of both tables hold) and ``scores`` as ``score_drop`` gives
        them; a rise of ``false_positive_rate`` is a drop.
    """
    shared = [
        label
        for label in labels[1:]
        if all(cases[score_column("dice", label)].notna().any() for cases in (own, other))
    ]
    tables = _comparable_statistics(own, other, labels)
    drawn = [resampled_values(table, resamples, seed + place) for place, table in enumerate(tables)]
    points = [table.values(np.ones((1, table.groups)))[0] for table in tables]
    entries: dict[str, Mapping[str, Any]] = {}
    for place, quantity in enumerate(tables[0].quantities):
        if quantity.part:
            continue
        sign = -1 if quantity.score == "false_positive_rate" else 1
        before, after = (float(values[place]) for values in points)
        low, high = percentile_bounds(sign * (drawn[0][:, place] - drawn[1][:, place]), level)
        counted = (quantity, tables[1].quantities[place])
        bounded = all(each.groups >= 2 for each in counted) and has_width(low, high)
        entries[quantity.score] = {
            "own": _or_none(before),
            "other": _or_none(after),
            "drop": _or_none(sign * (before - after)),
            "low": low if bounded else None,
            "high": high if bounded else None,
            "level": level,
            "n_own": counted[0].n,
            "n_other": counted[1].n,
        }
    return {"classes": shared, "scores": entries}


def _comparable_statistics(
    own: pd.DataFrame, other: pd.DataFrame, labels: Sequence[str]
) -> list[ClassMapStatistics]:
    """Prepares the scores of two tables, with means over the same classes in both."""
    cases = [table.sort_values(["id", "group"]) for table in (own, other)]
    one, two = (ClassMapStatistics(table, labels).averaged for table in cases)
    both = {score: [label for label in one[score] if label in two[score]] for score in one}
    return [ClassMapStatistics(table, labels, both) for table in cases]


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
