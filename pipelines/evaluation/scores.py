"""Scores of a segmentation with intervals, computed from the table of cases alone.

Every score is a row of ``segmentation_ratios.SCORES``; its interval is that of ``med2d score``.
"""

import json
import math
import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from rich.table import Table
from rich.text import Text

from pipelines.atomic import write_text
from pipelines.evaluation.cases import LEAKY, has_marks, is_leaky
from pipelines.evaluation.group_intervals import IntervalOptions, score_entries
from pipelines.evaluation.ratio_statistics import RatioStatistics
from pipelines.evaluation.segmentation import MATCHING_IOU
from pipelines.evaluation.segmentation_ratios import SCORES_BY_MARKS
from pipelines.evaluation.segmentation_statistics import segmentation_statistics

POLICY = (
    "dice, iou, precision and recall are means over the images with a lesion; an image with a "
    "lesion and no prediction counts 0 in each of them. Images without a lesion are judged by "
    "false_positive_rate, and count in every pixel and lesion score. Predicted and true lesions "
    "are matched one to one at an IoU of at least "
    f"{MATCHING_IOU}."
)


LEAKY_LINE = "leaky split: these scores are too good"
"""What stands wherever scores of a split that leaks on purpose are shown."""


def segmentation_scores(
    cases: pd.DataFrame, resamples: int = 10_000, seed: int = 0, level: float = 0.95
) -> dict[str, Any]:
    """Compute every score with its interval, over all cases and by class.

    Args:
        cases: table of cases with the columns of ``cases.SEGMENTATION_COLUMNS``, in any order.
        resamples: number of bootstrap resamples.
        seed: seed of the bootstrap.
        level: share of the resamples inside an interval, in (0, 1).

    Returns:
        ``leaky``: whether the cases are of a split that leaks on purpose, so that every score is
        too good; ``scores``: score to entry; ``by_class``: class to score to entry, for the classes
        that have lesions; ``by_marks``: the same for images with and without burnt-in marks, empty
        where no image is flagged; ``resamples``, ``seed`` and ``policy`` (how empty masks count).
        An entry is one of ``group_intervals.score_entries``, as in ``med2d score``. Where a
        denominator is 0, ``value`` is None and ``n`` and ``groups`` are 0.
    """
    options = IntervalOptions(resamples, seed, level)
    by_class = _entries(cases, options)
    return {
        LEAKY: is_leaky(cases),
        "scores": by_class.pop(""),
        "by_class": by_class,
        "by_marks": _by_marks(cases, options),
        "resamples": resamples,
        "seed": seed,
        "policy": POLICY,
    }


def _by_marks(cases: pd.DataFrame, options: IntervalOptions) -> dict[str, Any]:
    """Return the scores of images with and without burnt-in marks, where any has some."""
    marked = has_marks(cases)
    if not marked.any():
        return {}
    parts = {"with burnt-in marks": cases[marked], "without": cases[~marked]}
    return {
        name: {
            score: entry
            for score, entry in _entries(part, options)[""].items()
            if score in SCORES_BY_MARKS
        }
        for name, part in parts.items()
    }


def point_scores(cases: pd.DataFrame) -> dict[str, float | None]:
    """Compute every score without intervals, fast enough for the end of every epoch.

    Args:
        cases: table of cases, in any order.

    Returns:
        Score to value, the same as in `segmentation_scores`; None where a denominator is 0.
    """
    statistics = _statistics(cases)
    values = statistics.values(np.ones((1, statistics.groups)))[0]
    return {
        quantity.score: None if math.isnan(value) else float(value)
        for quantity, value in zip(statistics.quantities, values, strict=True)
        if not quantity.part
    }


def write_scores(
    path: str | os.PathLike[str],
    scores: Mapping[str, Any],
    *,
    grouping: str,
    fold: int | str | None,
    command: str,
    epoch: int | None = None,
    epochs_run: int | None = None,
) -> None:
    """Write scores.json, whole or not at all.

    Args:
        path: the file; its folder must exist.
        scores: what `segmentation_scores` returned.
        grouping: what a group is and which leakage that leaves possible, as in "near-duplicate
            clusters; no patient ids: leakage between a patient's own images cannot be excluded".
        fold: the fold that was scored ("pooled" for all); None outside of folds.
        command: the command that makes the file again.
        epoch: the epoch whose weights were scored; None where it is not known.
        epochs_run: how many epochs the training did; None where it is not known.

    Raises:
        ValueError: a number is NaN or infinite; `segmentation_scores` gives None instead.
    """
    origin = {"fold": fold, "epoch": epoch, "epochs_run": epochs_run}
    record = {**origin, "grouping": grouping, "command": command, **scores}
    text = json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False)
    write_text(path, text + "\n")


def scores_table(scores: Mapping[str, Any]) -> Table:
    """Lay the scores out for a terminal.

    Args:
        scores: what `segmentation_scores` returned (or scores.json holds).

    Returns:
        Table with one line for each score: name, value, interval, n; where the split leaks, its
        title says so.
    """
    named = dict(scores["scores"])
    parts = {**scores["by_class"], **scores.get("by_marks", {})}
    if "uncalibrated" in scores:
        parts = {"uncalibrated": scores["uncalibrated"], **parts}
    for name, entries in parts.items():
        named |= {f"{key} ({name})": entry for key, entry in entries.items()}
    level = max((entry["level"] for entry in named.values()), default=0)
    leaky = scores.get(LEAKY, False)
    table = Table("score", title=LEAKY_LINE if leaky else None)
    for title in ("value", f"{100 * level:g} % interval", "n"):
        table.add_column(title, justify="right")
    for name, entry in named.items():
        table.add_row(Text(name), *_cells(entry))
    return table


def _cells(entry: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return value, interval and n of an entry as text; a dash where there is none."""
    value = "-" if entry["value"] is None else f"{entry['value']:.3f}"
    bounds = (entry["low"], entry["high"])
    interval = "-" if None in bounds else "{:.3f} to {:.3f}".format(*bounds)
    return value, interval, f"{entry['n']} {entry['unit']}"


def _entries(cases: pd.DataFrame, options: IntervalOptions) -> dict[str, dict[str, Any]]:
    """Return the entry of each score over ``cases``, by class ("" for all together)."""
    parts: dict[str, dict[str, Any]] = {"": {}}
    for quantity, entry in score_entries(_statistics(cases), options):
        parts.setdefault(quantity.part, {})[quantity.score] = entry
    return parts


def _statistics(cases: pd.DataFrame) -> RatioStatistics:
    """Prepare the cases in one order: sums of floats differ in the last digit with another."""
    return segmentation_statistics(cases.sort_values(["id", "group"]))
