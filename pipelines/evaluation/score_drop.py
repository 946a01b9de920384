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
from rich.table import Table
from rich.text import Text

from pipelines.evaluation.cases import LEAKY
from pipelines.evaluation.classification_scores import point_scores, resampled_scores
from pipelines.evaluation.classification_statistics import DESCRIPTIONS, INFLATED
from pipelines.evaluation.group_intervals import difference_bounds
from pipelines.evaluation.scores import LEAKY_LINE

ERRORS = frozenset({"brier", "calibration_error"})
"""Scores of which less is better: their drop is how much they rise."""

_ROUNDING = 1e-6  # of single precision


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
        What is not defined is None; so are the bounds where a table has fewer than two groups, and
        where all resamples agree. Resamples that lack a class are left out, see
        ``ClassificationStatistics``.
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
    for name in DESCRIPTIONS:
        sign = -1 if name in ERRORS else 1
        before, after = (scores[name] for scores in points)
        value, drops = sign * (before - after), sign * (drawn[0][name] - drawn[1][name])
        low, high = difference_bounds(value, drops, level, name in INFLATED)
        bounded = not few and high - low > _ROUNDING
        entries[name] = {
            "own": _or_none(before),
            "other": _or_none(after),
            "drop": _or_none(value),
            "low": low if bounded else None,
            "high": high if bounded else None,
            "level": level,
            "n_own": len(tables[0]),
            "n_other": len(tables[1]),
        }
    return {"classes": shared, "scores": entries}


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
