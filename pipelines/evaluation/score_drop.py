"""How much worse a model does on other images than on the fold that it was judged by.

Images of another hospital are not drawn from the same source as those of the folds, so the two sets
are resampled independently: each resample draws groups of the one and groups of the other, and the
interval is that of the difference of their scores.

Source: Efron and Tibshirani 1993, "An Introduction to the Bootstrap", chapter 8 (two samples).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rich.table import Table
from rich.text import Text

from pipelines.evaluation.cases import LEAKY
from pipelines.evaluation.classification_scores import point_scores, resampled_scores
from pipelines.evaluation.classification_statistics import DESCRIPTIONS, INFLATED
from pipelines.evaluation.group_intervals import difference_bounds, has_width, resampled_values
from pipelines.evaluation.scores import LEAKY_LINE
from pipelines.evaluation.segmentation_statistics import has_lesion, segmentation_statistics

ERRORS = frozenset({"brier", "calibration_error", "false_positive_rate"})
"""Scores of which less is better: their drop is how much they rise."""

KINDS = {True: "images with a lesion", False: "normal images"}
"""Of a segmentation: what both tables must hold for a score over all images to be the same."""


def score_drop(
    own: pd.DataFrame,
    other: pd.DataFrame,
    labels: Sequence[str],
    resamples: int = 10_000,
    seed: int = 0,
    level: float = 0.95,
) -> dict[str, Any]:
    """Compares every score of all classes together on two tables of cases.

    A mean over three classes and one over two are not the same score. Only the cases of the classes
    that stand in both tables are compared.

    Args:
        own: cases of the fold that the model was judged by, with the columns of
            ``classification_columns``.
        other: cases of other images, with the same columns.
        labels: the class names in the order of their indices.
        resamples: number of bootstrap resamples.
        seed: of the bootstrap; the other table is drawn by the next one.
        level: share of the resamples inside an interval, in (0, 1).

    Returns:
        ``classes``: those that are compared; ``scores``: score to ``own``, ``other``, ``drop``
        (above 0: worse on the other images), ``low``, ``high``, ``level``, ``n_own``, ``n_other``.
        What is not defined is None; so are the bounds where a table has fewer than two groups,
        where all resamples agree, and of the calibration error (see ``group_intervals``). Resamples
        that lack a class are left out, see ``ClassificationStatistics``.
    """
    shared = [name for name in labels if name in set(own["class"]) & set(other["class"])]
    tables = [cases[cases["class"].isin(shared)] for cases in (own, other)]
    if not shared:
        return {"classes": [], "scores": {}}
    points = [point_scores(cases, labels) for cases in tables]
    drawn = [
        resampled_scores(cases, labels, resamples, seed + place)
        for place, cases in enumerate(tables)
    ]
    few = any(cases["group"].nunique() < 2 for cases in tables)
    entries = {}
    numbers = (len(tables[0]), len(tables[1]))
    for name in DESCRIPTIONS:
        values = (points[0][name], points[1][name])
        resampled = (drawn[0][name], drawn[1][name])
        entries[name] = _entry(name, values, resampled, numbers, level, not few)
    return {"classes": shared, "scores": entries}


def segmentation_drop(
    own: pd.DataFrame,
    other: pd.DataFrame,
    resamples: int = 10_000,
    seed: int = 0,
    level: float = 0.95,
) -> dict[str, Any]:
    """Compares every score of a segmentation of all images together on two tables of cases.

    A share of the predicted lesions over sick people and one over a screening are not the same
    score. Only the kinds of image that stand in both tables are compared: with a lesion, normal.

    Args:
        own: cases of the fold that the model was judged by, with the columns of
            ``cases.SEGMENTATION_COLUMNS``.
        other: cases of other images, with the same columns.
        resamples: number of bootstrap resamples.
        seed: of the bootstrap; the other table is drawn by the next one.
        level: share of the resamples inside an interval, in (0, 1).

    Returns:
        As ``score_drop``; ``classes`` are the kinds of image that are compared, of ``KINDS``, and
        ``n_own`` and ``n_other`` count what each score is of, as in ``segmentation_scores``. A rise
        of ``false_positive_rate`` is a drop.
    """
    lesions = [has_lesion(cases) for cases in (own, other)]
    shared = [kind for kind in KINDS if all((which == kind).any() for which in lesions)]
    if not shared:
        return {"classes": [], "scores": {}}
    tables = [
        segmentation_statistics(cases[which.isin(shared)].sort_values(["id", "group"]))
        for cases, which in zip((own, other), lesions, strict=True)
    ]
    points = [table.values(np.ones((1, table.groups)))[0] for table in tables]
    drawn = [resampled_values(table, resamples, seed + place) for place, table in enumerate(tables)]
    entries = {}
    columns = [
        {entry.score: place for place, entry in enumerate(table.quantities) if not entry.part}
        for table in tables
    ]
    for name in columns[0]:
        one, two = (places[name] for places in columns)
        counted = (tables[0].quantities[one], tables[1].quantities[two])
        entries[name] = _entry(
            name,
            (points[0][one], points[1][two]),
            (drawn[0][:, one], drawn[1][:, two]),
            (counted[0].n, counted[1].n),
            level,
            all(quantity.resampled_groups >= 2 for quantity in counted),
        )
    return {"classes": [KINDS[kind] for kind in shared], "scores": entries}


def _entry(
    name: str,
    values: tuple[float, float],
    drawn: tuple[NDArray[np.floating], NDArray[np.floating]],
    numbers: tuple[int, int],
    level: float,
    bounded: bool,
) -> dict[str, Any]:
    """Gives the entry of a score by its values and resamples on both tables."""
    sign = -1 if name in ERRORS else 1
    drop, drops = sign * (values[0] - values[1]), sign * (drawn[0] - drawn[1])
    low, high = difference_bounds(drop, drops, level, name in INFLATED)
    bounded = bounded and not np.isnan(drop) and has_width(low, high)
    return {
        "own": _or_none(values[0]),
        "other": _or_none(values[1]),
        "drop": _or_none(drop),
        "low": low if bounded else None,
        "high": high if bounded else None,
        "level": level,
        "n_own": numbers[0],
        "n_other": numbers[1],
    }


def drop_table(drop: Mapping[str, Any], other: str) -> Table:
    """Lays the drops out for a terminal.

    Args:
        drop: what ``score_drop`` returned; ``leaky`` beside it says that the own fold's scores are
            of a split that leaks on purpose.
        other: name of the other images.

    Returns:
        Table with one line for each score: on the own fold, on the other images, the drop and its
        interval.
    """
    entries = drop["scores"]
    level = max((entry["level"] for entry in entries.values()), default=0)
    title = f"Drop, over the classes found in both: {', '.join(drop['classes']) or 'none'}"
    table = Table(title=f"{title}; {LEAKY_LINE}" if drop.get(LEAKY) else title)
    table.add_column("score", no_wrap=True)
    interval = f"{100 * level:g} % interval"
    for heading in ("own fold", Text(other), "drop (above 0: worse)", interval):
        table.add_column(heading, justify="right", no_wrap=heading == interval)
    for name, entry in entries.items():
        bounds = (entry["low"], entry["high"])
        interval = "-" if None in bounds else "{:+.3f} to {:+.3f}".format(*bounds)
        table.add_row(
            Text(name),
            _shown(entry["own"], ".3f"),
            _shown(entry["other"], ".3f"),
            _shown(entry["drop"], "+.3f"),
            interval,
        )
    return table


def _shown(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
