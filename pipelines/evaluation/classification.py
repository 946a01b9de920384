"""Scores of a classification with intervals, computed from the table of cases alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.evaluation.calibration_scores import (
    BINS,
    brier_terms,
    confidence_terms,
    expected_calibration_error,
)
from pipelines.evaluation.cases import (
    FLAGS,
    FLAGS_COLUMN,
    LEAKY,
    LEAKY_COLUMN,
    NAME,
    SEGMENTATION_COLUMNS,
    SHARE,
    Column,
)
from pipelines.evaluation.confusion_scores import BY_CLASS, OVERALL, mean_defined, ratio
from pipelines.evaluation.intervals import resample_counts
from pipelines.evaluation.ranking_scores import auroc, average_precision, ranking

PREFIX = "p_"
"""Put before a class's name: the column of its probability."""

POLICY = (
    "The predicted class is the one of the highest probability. Macro scores are means over the "
    "classes; a class without images does not count, except that one which is predicted all the "
    "same counts 0 in macro precision and F1. AUROC and average precision are one class "
    "against the others. The calibration error has "
    f"{BINS} bins of equal width."
)

_RANKING = {
    "auroc": (auroc, "Area under the ROC curve, one class against the others."),
    "average_precision": (average_precision, "Area under the precision-recall curve."),
}
_CASES_AT_ONCE = 4_000_000  # weights that are held in memory together

Table = NDArray[np.float64]
Values = dict[str, Table]


def classification_columns(labels: Sequence[str]) -> dict[str, Column]:
    """Gives the columns of cases.csv for a classification.

    Args:
        labels: the class names in the order of their indices.

    Returns:
        Column by name: ``id``, ``group``, ``fold``, ``class`` (the true one), ``predicted``,
        ``flags``, ``p_<class>`` for each class, and ``leaky``.
    """
    probability = SHARE._replace(expected="a number from 0 to 1", may_be_empty=False)
    return {
        "id": NAME,
        "group": NAME,
        "fold": SEGMENTATION_COLUMNS["fold"],
        "class": Column(_one_of(labels), "str", f"one of {', '.join(labels)}"),
        "predicted": Column(_one_of(labels), "str", f"one of {', '.join(labels)}"),
        FLAGS: FLAGS_COLUMN,
        **{PREFIX + name: probability for name in labels},
        LEAKY: LEAKY_COLUMN,
    }


def classification_row(
    item: Mapping[str, Any], probabilities: Sequence[float], labels: Sequence[str]
) -> dict[str, object]:
    """Makes the row of one image.

    Args:
        item: holds ``id``, ``group``, ``fold``, ``class`` and perhaps ``flags``.
        probabilities: of each class, in [0, 1].
        labels: the class names in the order of their indices.
    """
    best = int(np.argmax(probabilities))
    return {
        "id": str(item["id"]),
        "group": str(item["group"]),
        "fold": item["fold"],
        "class": str(item["class"]),
        "predicted": labels[best],
        FLAGS: str(item.get(FLAGS) or ""),
        **{PREFIX + n: float(p) for n, p in zip(labels, probabilities, strict=True)},
    }


def classification_scores(
    cases: pd.DataFrame,
    labels: Sequence[str],
    resamples: int = 10_000,
    seed: int = 0,
    level: float = 0.95,
) -> dict[str, Any]:
    """Computes every score with its interval by the bootstrap over groups.

    Args:
        cases: table of cases with the columns of ``classification_columns``, in any order.
        labels: the class names in the order of their indices.
        resamples: number of bootstrap resamples.
        seed: of the bootstrap.
        level: share of the resamples inside an interval, in (0, 1).

    Returns:
        ``scores`` and ``by_class`` (class to scores): entries with ``value``, ``n``, ``unit``,
        ``groups``, ``low``, ``high``, ``level`` and ``description``; ``confusion`` (rows the
        truth), ``labels``, ``resamples``, ``seed``, ``policy``. A value that is not defined is
        None; so are the bounds where fewer than two groups count.
    """
    ordered = cases.sort_values(["id", "group"])
    statistics = _Statistics(ordered, labels)
    values = statistics.values(np.ones((1, len(ordered))))
    drawn = _resampled(statistics, ordered["group"].to_numpy(dtype=str), resamples, seed)
    spread = {name: _bounds(table, level) for name, table in drawn.items()}
    entries = _Entries(statistics, ordered, values, spread, level)
    return {
        "scores": entries.overall(),
        "by_class": entries.by_class(labels),
        "confusion": statistics.confusion(np.ones((1, len(ordered))))[0].astype(int).tolist(),
        "labels": list(labels),
        "resamples": resamples,
        "seed": seed,
        "policy": POLICY,
    }


def point_scores(cases: pd.DataFrame, labels: Sequence[str]) -> dict[str, float]:
    """Computes the scores of all classes together without intervals; NaN where not defined."""
    ordered = cases.sort_values(["id", "group"])
    values = _Statistics(ordered, labels).values(np.ones((1, len(ordered))))
    return {name: float(table[0]) for name, table in values.items() if table.ndim == 1}


def resampled_scores(
    cases: pd.DataFrame, labels: Sequence[str], resamples: int = 10_000, seed: int = 0
) -> dict[str, Table]:
    """Computes the scores of all classes together over resampled groups.

    Args:
        cases: table of cases with the columns of ``classification_columns``, in any order.
        labels: the class names in the order of their indices.
        resamples: number of bootstrap resamples.
        seed: of the bootstrap.

    Returns:
        Score to its values, (resamples,); NaN where a resample does not define it.
    """
    ordered = cases.sort_values(["id", "group"])
    groups = ordered["group"].to_numpy(dtype=str)
    drawn = _resampled(_Statistics(ordered, labels), groups, resamples, seed)
    return {name: values for name, values in drawn.items() if values.ndim == 1}


DESCRIPTIONS: Mapping[str, str] = {
    **{name: text for name, (_, text) in OVERALL.items()},
    "auroc": "Mean area under the ROC curve over the classes, each against the others.",
    "average_precision": "Mean average precision over the classes, each against the others.",
    "brier": "Brier score: mean squared distance of the probabilities from the truth, 0 to 2.",
    "calibration_error": "Expected calibration error: mean distance of confidence and accuracy.",
}
"""What each score of all classes together is, in a sentence."""


class _Statistics:
    """What the scores of cases are made of, prepared once for all resamples."""

    def __init__(self, cases: pd.DataFrame, labels: Sequence[str]) -> None:
        index = {name: place for place, name in enumerate(labels)}
        self.classes = len(labels)
        self.truth = np.array(cases["class"].map(index), dtype=np.int64)
        self.predicted = np.array(cases["predicted"].map(index), dtype=np.int64)
        probabilities = cases[[PREFIX + name for name in labels]].to_numpy(dtype=float)
        self.rankings = [
            ranking(column, self.truth == place) for place, column in enumerate(probabilities.T)
        ]
        pairs = np.eye(self.classes**2)[self.truth * self.classes + self.predicted]
        brier = brier_terms(probabilities, self.truth)[:, None]
        calibration = confidence_terms(probabilities, self.truth).reshape(len(cases), -1)
        self.terms = np.hstack([pairs, brier, calibration])

    def confusion(self, weights: Table) -> Table:
        """Gives weighted confusion matrices (resamples, classes, classes)."""
        return self._sums(weights)[0]

    def values(self, weights: Table) -> Values:
        """Computes every score; (resamples,), and (resamples, classes) for those by class."""
        confusion, brier, calibration = self._sums(weights)
        total = confusion.sum((-2, -1))
        values = {name: function(confusion) for name, (function, _) in OVERALL.items()}
        for name, (function, _) in _RANKING.items():
            columns = [function(ranked, weights) for ranked in self.rankings]
            values[f"class_{name}"] = np.stack(columns, axis=-1)
            values[name] = mean_defined(values[f"class_{name}"])
        values["brier"] = ratio(brier, total)
        values["calibration_error"] = expected_calibration_error(calibration, total)
        return values | {
            f"class_{name}": function(confusion) for name, (function, _) in BY_CLASS.items()
        }

    def _sums(self, weights: Table) -> tuple[Table, Table, Table]:
        sums = weights @ self.terms
        confusion, rest = np.split(sums, [self.classes**2], axis=1)
        shape = (len(sums), self.classes, self.classes)
        return confusion.reshape(shape), rest[:, 0], rest[:, 1:].reshape(len(sums), 2, BINS)


class _Entries:
    """Lays values and bounds out for scores.json."""

    def __init__(
        self,
        statistics: _Statistics,
        cases: pd.DataFrame,
        values: Values,
        spread: Mapping[str, Table],
        level: float,
    ) -> None:
        self.truth = statistics.truth
        self.groups = cases["group"].to_numpy(dtype=str)
        self.values = values
        self.spread = spread
        self.level = level

    def overall(self) -> dict[str, Any]:
        """Gives the entries of all classes together."""
        every = np.ones(len(self.truth), dtype=bool)
        return {
            name: self._entry(name, (), every, "images", text)
            for name, text in DESCRIPTIONS.items()
        }

    def by_class(self, labels: Sequence[str]) -> dict[str, Any]:
        """Gives the entries of each class."""
        texts = {name: text for name, (_, text) in {**BY_CLASS, **_RANKING}.items()}
        return {
            label: {
                name: self._entry(f"class_{name}", (place,), self.truth == place, "images", text)
                for name, text in texts.items()
            }
            for place, label in enumerate(labels)
        }

    def _entry(
        self, name: str, place: tuple[int, ...], counted: NDArray[np.bool_], unit: str, text: str
    ) -> dict[str, Any]:
        value = _or_none(self.values[name][(0, *place)])
        low, high = (_or_none(bound[place]) for bound in self.spread[name])
        groups = len(np.unique(self.groups[counted]))
        few = groups < 2
        return {
            "value": value,
            "n": int(counted.sum()),
            "unit": unit,
            "groups": groups,
            "low": None if few else low,
            "high": None if few else high,
            "level": self.level,
            "description": text,
        }


def _resampled(
    statistics: _Statistics, groups: NDArray[np.str_], resamples: int, seed: int
) -> Values:
    """Computes the scores of every resample."""
    names, index = np.unique(groups, return_inverse=True)
    rows = max(1, _CASES_AT_ONCE // max(len(groups), 1))
    parts: dict[str, list[Table]] = {}
    for counts in resample_counts(len(names), resamples, seed):
        for start in range(0, len(counts), rows):
            weights = counts[start : start + rows][:, index]
            for name, values in statistics.values(weights).items():
                parts.setdefault(name, []).append(values)
    return {name: np.concatenate(values) for name, values in parts.items()}


def _bounds(values: Table, level: float) -> Table:
    """Gives the percentile bounds over the resamples that define a score, (2, ...)."""
    tails = [(1 - level) / 2, (1 + level) / 2]
    defined = ~np.isnan(values)
    filled = np.where(defined.any(axis=0), values, 0.0)
    bounds = np.nanquantile(filled, tails, axis=0)
    return np.where(defined.any(axis=0), bounds, np.nan)


def _or_none(value: Any) -> float | None:
    return None if np.isnan(value) else float(value)


def _one_of(names: Sequence[str]) -> Any:
    def parse(text: str) -> str:
        if text not in names:
            raise ValueError(text)
        return text

    return parse
