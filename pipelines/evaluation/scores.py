"""Scores of a segmentation with intervals, computed from the table of cases alone.

Every score is a row of `SCORES`: a ratio of two weighted sums over the columns of cases.csv.
Three views stand side by side, because each hides what another shows: means over images with a
lesion (what a reader of one image meets), pooled pixels (large lesions weigh more) and lesions
(found or not). ``false_positive_rate`` speaks for the images without a lesion.
"""

import json
import math
import os
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rich.table import Table
from rich.text import Text

from pipelines.atomic import write_text
from pipelines.evaluation.cases import LEAKY, has_marks, is_leaky
from pipelines.evaluation.intervals import exact_sums, ratio_intervals
from pipelines.evaluation.segmentation import MATCHING_IOU

POLICY = (
    "dice, iou, precision and recall are means over the images with a lesion; an image with a "
    "lesion and no prediction counts 0 in each of them. Images without a lesion are judged by "
    "false_positive_rate, and count in every pixel and lesion score. Predicted and true lesions "
    "are matched one to one at an IoU of at least "
    f"{MATCHING_IOU}."
)


LEAKY_LINE = "leaky split: these scores are too good"
"""What stands wherever scores of a split that leaks on purpose are shown."""


class Score(NamedTuple):
    """A ratio of two weighted sums over cases.

    Attributes:
        description: one sentence for a reader of the report.
        unit: what is counted in ``n``.
        above: column to weight, for the numerator.
        below: column to weight, for the denominator.
        counts: column to weight, for ``n``.
    """

    description: str
    unit: str
    above: Mapping[str, float]
    below: Mapping[str, float]
    counts: Mapping[str, float]


def _image_mean(column: str, description: str) -> Score:
    """Return the mean of a column over the images with a lesion."""
    has_lesion = {"has_lesion": 1.0}
    return Score(description, "images", {column: 1}, has_lesion, has_lesion)


def _pixel_ratio(below: Mapping[str, float], description: str) -> Score:
    """Return a share of true positive pixels, pooled over all images."""
    return Score(description, "images", {"tp": below["tp"]}, below, {"image": 1})


def _lesion_ratio(unit: str, above: float, below: Mapping[str, float], description: str) -> Score:
    """Return a share of found lesions, pooled over all images."""
    return Score(description, unit, {"found_lesions": above}, below, below)


SCORES: Mapping[str, Score] = {
    "dice": _image_mean("dice", "Mean Dice over the images with a lesion."),
    "iou": _image_mean("iou", "Mean intersection over union over the images with a lesion."),
    "precision": _image_mean("precision", "Mean pixel precision over the images with a lesion."),
    "recall": _image_mean("recall", "Mean pixel recall over the images with a lesion."),
    "pixel_precision": _pixel_ratio(
        {"tp": 1, "fp": 1}, "Share of the predicted pixels of all images that are lesion."
    ),
    "pixel_recall": _pixel_ratio(
        {"tp": 1, "fn": 1}, "Share of the lesion pixels of all images that are predicted."
    ),
    "pixel_f1": _pixel_ratio(
        {"tp": 2, "fp": 1, "fn": 1}, "F1 (harmonic mean) of pixel precision and pixel recall."
    ),
    "lesion_precision": _lesion_ratio(
        "predicted lesions",
        1,
        {"predicted_lesions": 1},
        "Share of the predicted lesions that match a true one.",
    ),
    "lesion_recall": _lesion_ratio(
        "lesions", 1, {"lesions": 1}, "Share of the lesions that are found (sensitivity)."
    ),
    "lesion_f1": _lesion_ratio(
        "lesions, both masks",
        2,
        {"lesions": 1, "predicted_lesions": 1},
        "F1 (harmonic mean) of lesion precision and lesion recall.",
    ),
    "false_positive_rate": Score(
        "Share of the images without a lesion in which any pixel is predicted.",
        "normal images",
        {"false_positive": 1},
        {"is_normal": 1},
        {"is_normal": 1},
    ),
}

SCORES_BY_CLASS: Mapping[str, Score] = {name: SCORES[name] for name in ("dice", "iou")}

SCORES_BY_MARKS: Mapping[str, Score] = {
    name: SCORES[name] for name in ("dice", "lesion_recall", "false_positive_rate")
}

FloatTable = NDArray[np.float64]


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
        An entry holds ``value``, ``n``, ``unit`` (what ``n`` counts), ``groups`` (distinct groups
        behind ``n``), ``low``, ``high``, ``level`` and ``description``. Where a denominator is 0,
        ``value`` is None and ``n`` and ``groups`` are 0; ``low`` and ``high`` are None where fewer
        than two groups count.
    """
    options = {"resamples": resamples, "seed": seed, "level": level}
    with_lesion = cases[(cases["lesions"] > 0) & (cases["class"] != "")]
    return {
        LEAKY: is_leaky(cases),
        "scores": _entries(cases, SCORES, options),
        "by_class": {
            str(name): _entries(part, SCORES_BY_CLASS, options)
            for name, part in with_lesion.groupby("class", sort=True)
        },
        "by_marks": _by_marks(cases, options),
        "resamples": resamples,
        "seed": seed,
        "policy": POLICY,
    }


def _by_marks(cases: pd.DataFrame, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the scores of images with and without burnt-in marks, where any has some."""
    marked = has_marks(cases)
    if not marked.any():
        return {}
    parts = {"with burnt-in marks": cases[marked], "without": cases[~marked]}
    return {name: _entries(part, SCORES_BY_MARKS, options) for name, part in parts.items()}


def point_scores(cases: pd.DataFrame) -> dict[str, float | None]:
    """Compute every score without intervals, fast enough for the end of every epoch.

    Args:
        cases: table of cases, in any order.

    Returns:
        Score to value, the same as in `segmentation_scores`; None where a denominator is 0.
    """
    above, below, _ = _sums(cases, SCORES)
    return {
        name: float(part / whole) if whole else None
        for name, part, whole in zip(SCORES, exact_sums(above), exact_sums(below), strict=True)
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
    for name, entries in {**scores["by_class"], **scores.get("by_marks", {})}.items():
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


def _entries(
    cases: pd.DataFrame, scores: Mapping[str, Score], options: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """Return the entry of each score over ``cases``."""
    # Sorted, because sums of floats within a group differ in the last digit when the order does.
    ordered = cases.sort_values(["id", "group"])
    groups = ordered["group"].to_numpy(dtype=str)
    above, below, counts = _sums(ordered, scores)
    intervals = ratio_intervals(above, below, groups, **options)
    entries = {}
    for column, (name, score) in enumerate(scores.items()):
        value, low, high = (_or_none(bound[column]) for bound in intervals)
        counted = counts[:, column] > 0
        defined = value is not None
        entries[name] = {
            "value": value,
            "n": int(counts[:, column].sum()) if defined else 0,
            "unit": score.unit,
            "groups": len(np.unique(groups[counted])) if defined else 0,
            "low": low,
            "high": high,
            "level": options["level"],
            "description": score.description,
        }
    return entries


def _sums(cases: pd.DataFrame, scores: Mapping[str, Score]) -> tuple[FloatTable, ...]:
    """Return what each case adds to numerators, denominators and n; each (cases, scores)."""
    lesions = cases["lesions"]
    marked = cases.assign(has_lesion=lesions > 0, is_normal=lesions == 0, image=True)
    sides = zip(*((s.above, s.below, s.counts) for s in scores.values()), strict=True)
    return tuple(
        np.stack([_weighted_sum(marked, weights) for weights in side], axis=1) for side in sides
    )


def _weighted_sum(cases: pd.DataFrame, weights: Mapping[str, float]) -> FloatTable:
    """Return the weighted sum of columns for each case, (cases,); an empty cell adds nothing."""
    # Weights are whole numbers: the order of addition within a case changes nothing.
    columns = (cases[name].to_numpy(dtype=float, na_value=0) for name in weights)
    total = np.zeros(len(cases))
    for weight, values in zip(weights.values(), columns, strict=True):
        total += weight * np.nan_to_num(values)
    return total


def _or_none(number: float) -> float | None:
    """Return a plain float, or None in the place of NaN: JSON has no NaN."""
    return None if math.isnan(number) else float(number)
