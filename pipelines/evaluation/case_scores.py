"""Everything that `med2d score` says of a table of cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from pipelines.errors import InputError
from pipelines.evaluation import classification_scores, scores
from pipelines.evaluation.case_files import CLASSIFICATION, Cases
from pipelines.evaluation.cases import LEAKY, has_marks
from pipelines.evaluation.class_map_scores import POLICY as CLASS_MAP_POLICY
from pipelines.evaluation.class_map_statistics import ClassMapStatistics
from pipelines.evaluation.classification import PREFIX
from pipelines.evaluation.classification_statistics import ClassificationStatistics
from pipelines.evaluation.group_intervals import IntervalOptions, score_entries
from pipelines.evaluation.group_statistics import GroupStatistics
from pipelines.evaluation.operating_point import chosen_threshold, operating_point_statistics
from pipelines.evaluation.segmentation_statistics import segmentation_statistics
from pipelines.evaluation.subgroups import subgroups


class Target(NamedTuple):
    """What a threshold is chosen for.

    Attributes:
        name: ``sensitivity`` or ``specificity``.
        least: what it should reach, in (0, 1].
        label: the class that is called.
    """

    name: str
    least: float
    label: str


def case_statistics(table: pd.DataFrame, task: str, labels: Sequence[str]) -> GroupStatistics:
    """Prepares every score of a task.

    Args:
        table: the cases, as in ``Cases``.
        task: ``classification`` or ``segmentation``.
        labels: the class names of a classification, or of a segmentation of several classes.
    """
    if task == CLASSIFICATION:
        return ClassificationStatistics(table, labels)
    if labels:
        return ClassMapStatistics(table, labels)
    return segmentation_statistics(table)


def case_scores(
    cases: Cases, options: IntervalOptions, by: Sequence[str] = (), bins: int = 4
) -> dict[str, Any]:
    """Computes every score with its interval, of all cases and of their parts.

    Args:
        cases: what was read.
        options: how the intervals are made.
        by: columns whose values make subgroups.
        bins: number of quantile bins of a column of numbers.

    Returns:
        ``task``, ``labels``, ``images``, ``groups``, ``grouped``, ``leaky``; ``scores`` (score to
        entry, see ``group_intervals``), ``by_class`` (class to scores), ``confusion`` (rows the
        truth, of images or of pixels; not of lesions); ``by_marks`` (with and without burnt-in
        marks, empty where no image is flagged) and ``by`` (column to value to the same); how the
        intervals were made.

    Raises:
        InputError: a column cannot make subgroups.
    """
    content = {
        "task": cases.task,
        "labels": list(cases.labels),
        "grouped": cases.grouped,
        LEAKY: cases.leaky,
        **_part(cases, cases.table, options),
        "by_marks": _by_marks(cases, options),
        "by": {
            column: {
                name: _part(cases, cases.table[which], options)
                for name, which in subgroups(cases.table, column, bins).items()
                if which.any()
            }
            for column in by
        },
        "policy": _policy(cases),
    }
    return content | {
        "resamples": options.resamples,
        "seed": options.seed,
        "level": options.level,
        "interval": options.method,
        "proportion_interval": options.proportion,
    }


def operating_point(
    cases: Cases, chosen_on: Cases, target: Target, options: IntervalOptions
) -> dict[str, Any]:
    """Chooses a threshold on one table and computes the scores there on another.

    Args:
        cases: what is scored.
        chosen_on: what the threshold is chosen on; ``cases`` again makes the scores too good.
        target: what it is chosen for.
        options: how the intervals are made.

    Returns:
        ``target``, ``least``, ``class``, ``threshold``, ``optimistic`` (whether images or groups
        choose that are scored, too, or may do so: see ``shared_images``), ``reached`` (sensitivity
        and specificity on the table that chose, with its ``images``), and ``scores``: sensitivity,
        specificity, ppv and npv as entries.

    Raises:
        InputError: there are no probabilities, no such class, or none of its images to choose by.
    """
    for each in (cases, chosen_on):
        _check_probabilities(each, target.label)
    shared = shared_images(cases, chosen_on)
    probabilities, positive = _of_class(chosen_on.table, target.label)
    try:
        threshold = chosen_threshold(probabilities, positive, target.name, target.least)
    except ValueError as error:
        raise InputError(f"--{target.name} for {target.label}: {error}") from None
    called = probabilities >= threshold
    statistics = operating_point_statistics(
        *_of_class(cases.table, target.label), cases.table["group"].to_numpy(dtype=str), threshold
    )
    return {
        "target": target.name,
        "least": target.least,
        "class": target.label,
        "threshold": threshold,
        "optimistic": bool(shared),
        "reached": {
            "images": len(positive),
            "sensitivity": _mean_or_none(called[positive]),
            "specificity": _mean_or_none(~called[~positive]),
        },
        "scores": {quantity.score: entry for quantity, entry in score_entries(statistics, options)},
    }


def shared_images(cases: Cases, chosen_on: Cases) -> str | None:
    """Says why a threshold would be chosen on what it is judged by.

    Args:
        cases: what is scored.
        chosen_on: what the threshold is chosen on.

    Returns:
        The reason; None where no image and no group stands on both sides. Without ids on both
        sides nobody can tell.
    """
    if not (cases.named and chosen_on.named):
        return "without a column id in both tables nobody can tell which images are scored, too"
    for column, what in (("id", "image(s)"), ("group", "group(s)")):
        both = sorted(set(cases.table[column]) & set(chosen_on.table[column]))
        if both and (column == "id" or (cases.grouped and chosen_on.grouped)):
            return f"it holds {len(both)} {what} that are scored, such as {both[0]!r}"
    return None


def _policy(cases: Cases) -> str:
    """Says how the scores count, and of a classification whose word the predicted class is."""
    if cases.task != CLASSIFICATION:
        return CLASS_MAP_POLICY if cases.labels else scores.POLICY
    names = [PREFIX + label for label in cases.labels]
    if not set(names) <= set(cases.table.columns):
        return f"The predicted class is that of the column predicted. {classification_scores.MEANS}"
    values = cases.table[names].to_numpy(dtype=float)
    places = cases.table["predicted"].map({name: k for k, name in enumerate(cases.labels)})
    of_predicted = values[np.arange(len(values)), places.to_numpy(dtype=int)]
    others = int((of_predicted < values.max(axis=1)).sum())
    if not others:
        return classification_scores.POLICY
    return (
        "The predicted class is that of the column predicted; in "
        f"{others} of {len(values)} images another has a higher probability. "
        "AUROC, average precision, Brier score and calibration error go by the probabilities. "
        f"{classification_scores.MEANS}"
    )


def _part(cases: Cases, table: pd.DataFrame, options: IntervalOptions) -> dict[str, Any]:
    """Computes the scores of some of the cases."""
    statistics = case_statistics(table, cases.task, cases.labels)
    content: dict[str, Any] = {
        "images": len(table),
        "groups": statistics.groups,
        "scores": {},
        "by_class": {},
    }
    for quantity, entry in score_entries(statistics, options):
        place = content["scores"]
        if quantity.part:
            place = content["by_class"].setdefault(quantity.part, {})
        place[quantity.score] = entry
    confusion = getattr(statistics, "confusion", None)  # lesions have none
    if confusion is not None:
        content["confusion"] = confusion.astype(int).tolist()
    return content


def _by_marks(cases: Cases, options: IntervalOptions) -> dict[str, Any]:
    marked = has_marks(cases.table)
    if not marked.any():
        return {}
    parts: Mapping[str, pd.Series] = {"with burnt-in marks": marked, "without": ~marked}
    return {
        name: _part(cases, cases.table[which], options)
        for name, which in parts.items()
        if which.any()
    }


def _check_probabilities(cases: Cases, label: str) -> None:
    if cases.task != CLASSIFICATION or label not in cases.labels:
        known = f"the classes are {', '.join(cases.labels)}" if cases.labels else "there is none"
        raise InputError(f"no class {label!r} to choose a threshold for; {known}")
    if PREFIX + label not in cases.table:
        raise InputError(f"a threshold needs probabilities; there is no column {PREFIX}{label}")


def _of_class(table: pd.DataFrame, label: str) -> tuple[np.ndarray, np.ndarray]:
    return table[PREFIX + label].to_numpy(dtype=float), (table["class"] == label).to_numpy()


def _mean_or_none(called: np.ndarray) -> float | None:
    return float(called.mean()) if called.size else None
