"""Everything that `med2d compare` says of models that have answered the same images."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from pipelines.errors import InputError
from pipelines.evaluation.case_files import CLASSIFICATION
from pipelines.evaluation.case_scores import case_statistics
from pipelines.evaluation.cases import LEAKY
from pipelines.evaluation.classification import PREFIX
from pipelines.evaluation.classification_statistics import ClassificationStatistics
from pipelines.evaluation.delong import delong_difference
from pipelines.evaluation.group_intervals import difference_bounds, has_width
from pipelines.evaluation.group_permutation import permutation_p
from pipelines.evaluation.group_statistics import GroupStatistics, Quantity
from pipelines.evaluation.holm import holm_adjusted
from pipelines.evaluation.mcnemar import mcnemar_p
from pipelines.evaluation.paired_bootstrap import paired_differences
from pipelines.evaluation.paired_cases import Model
from pipelines.evaluation.segmentation_statistics import has_lesion
from pipelines.evaluation.standardised_difference import standardised_difference

DEFAULTS: Mapping[str, tuple[str, ...]] = {
    "classification": ("balanced_accuracy", "accuracy", "auroc"),
    "segmentation": ("dice", "iou", "lesion_recall", "false_positive_rate"),
}
"""Scores that are compared where none is named; those that the tables do not give are left out."""

OF_CLASS = ("recall", "auroc", "dice")
"""Scores of a class that are compared where one is named."""

LESS_IS_BETTER = frozenset({"brier", "calibration_error", "false_positive_rate"})
"""Of these less is better, of a class, too; see ``less_is_better``."""

EVIDENCE, NO_EVIDENCE = "evidence of a difference", "no evidence of a difference"
PAIRED_IMAGES = ("dice", "iou")
"""Scores that are means over images: their standardised difference is given where the tables hold
the mean of each image."""


class ComparisonOptions(NamedTuple):
    """How models are compared.

    Attributes:
        scores: names of the scores; () for ``DEFAULTS``.
        label: a class whose recall and AUROC (of a segmentation Dice) are compared, too; None for
            none.
        resamples: number of resamples and of permutations.
        seed: of both.
        level: of confidence, in (0, 1); a difference is called one where the adjusted p value is
            below 1 - level.
    """

    scores: tuple[str, ...] = ()
    label: str | None = None
    resamples: int = 10_000
    seed: int = 0
    level: float = 0.95


def comparison(models: Sequence[Model], options: ComparisonOptions) -> dict[str, Any]:
    """Compares every pair of models.

    Args:
        models: at least two, as ``paired`` gives them.
        options: what is compared, and how.

    Returns:
        ``task``, ``images``, ``groups``, ``grouped``, ``leaky``; ``pairs``, each with ``first``,
        ``second``, ``scores`` (second minus first), and for a classification ``mcnemar`` and
        ``delong`` (class to entry). An entry of a score holds ``first``, ``second``,
        ``difference``, ``low``, ``high``, ``p`` (permutation), ``p_holm`` (adjusted over all pairs
        and scores), ``n_first``, ``n_second``, ``unit`` (what these count), ``groups`` (the fewer
        of both), ``verdict``, ``better`` (a model's name, None without evidence), and for means
        over images ``standardised_difference``. The bounds are None where fewer than two groups
        count, where all resamples agree, and of the calibration error (see ``group_intervals``).
        ``mcnemar`` and ``delong`` are adjusted over their own.

    Raises:
        InputError: a score or class is not there.
    """
    models = _with_common_columns(models)
    first = models[0].cases
    tables = [case_statistics(m.cases.table, first.task, first.labels) for m in models]
    columns = _columns(tables[0], options, first.task, first.labels)
    pairs = [
        _pair(models[a], models[b], tables[a], tables[b], columns, options)
        for a, b in combinations(range(len(models)), 2)
    ]
    _adjust([entry for pair in pairs for entry in pair["scores"].values()])
    _adjust([pair["mcnemar"] for pair in pairs if "mcnemar" in pair])
    _adjust([entry for pair in pairs for entry in pair.get("delong", {}).values()])
    for pair in pairs:
        for name, entry in pair["scores"].items():
            entry["better"] = _better(name, entry, pair, 1 - options.level)
            entry["verdict"] = EVIDENCE if entry["better"] else NO_EVIDENCE
    return {
        "task": first.task,
        "images": len(first.table),
        "groups": tables[0].groups,
        "grouped": first.grouped,
        LEAKY: any(model.cases.leaky for model in models),
        "pairs": pairs,
        "resamples": options.resamples,
        "seed": options.seed,
        "level": options.level,
    }


def less_is_better(name: str) -> bool:
    """Tells whether a score is an error.

    Args:
        name: as it is shown, such as ``brier`` or ``false_positive_rate (stroma)``.
    """
    return name.split(" (")[0] in LESS_IS_BETTER


def _with_common_columns(models: Sequence[Model]) -> list[Model]:
    """Keeps the columns that all tables have: then all give the same scores in the same order."""
    shared = [n for n in models[0].cases.table if all(n in m.cases.table for m in models)]
    return [m._replace(cases=m.cases._replace(table=m.cases.table[shared])) for m in models]


def _columns(
    statistics: GroupStatistics, options: ComparisonOptions, task: str, labels: Sequence[str]
) -> dict[str, int]:
    """Finds the columns of the scores that are compared, by the name that they are shown by."""
    known = {_shown(quantity): place for place, quantity in enumerate(statistics.quantities)}
    if options.label is not None and options.label not in labels:
        raise InputError(f"no class {options.label!r}; the classes are {', '.join(labels) or '-'}")
    wanted = list(options.scores or (name for name in DEFAULTS[task] if name in known))
    if options.label is not None:
        wanted += [n for n in (f"{name} ({options.label})" for name in OF_CLASS) if n in known]
    for name in wanted:
        if name not in known:
            overall = ", ".join(name for name in known if "(" not in name)
            raise InputError(f"no score {name!r} that all tables give; there are {overall}")
    return {name: known[name] for name in wanted}


def _shown(quantity: Quantity) -> str:
    return f"{quantity.score} ({quantity.part})" if quantity.part else quantity.score


def _pair(
    first: Model,
    second: Model,
    before: GroupStatistics,
    after: GroupStatistics,
    columns: Mapping[str, int],
    options: ComparisonOptions,
) -> dict[str, Any]:
    """Compares two models; p values are not adjusted yet."""
    differences = paired_differences(before, after, options.resamples, options.seed)
    p = permutation_p(_stacked(first, second), options.resamples, options.seed)
    ones = np.ones((1, before.groups))
    values = [statistics.values(ones)[0] for statistics in (before, after)]
    few = before.groups < 2
    scores = {}
    for name, column in columns.items():
        pair = [float(row[column]) for row in values]
        counted = [statistics.quantities[column] for statistics in (before, after)]
        groups = min(quantity.groups for quantity in counted)
        resampled = min(quantity.resampled_groups for quantity in counted)
        value, drawn = pair[1] - pair[0], differences[:, column]
        low, high = difference_bounds(value, drawn, options.level, counted[0].inflated)
        bounded = resampled >= 2 and has_width(low, high)
        scores[name] = {
            "first": _or_none(pair[0]),
            "second": _or_none(pair[1]),
            "difference": _or_none(value),
            "low": low if bounded else None,
            "high": high if bounded else None,
            "p": None if few else _or_none(float(p[column])),
            "n_first": counted[0].n,
            "n_second": counted[1].n,
            "unit": counted[0].unit,
            "groups": groups,
        }
        if name in PAIRED_IMAGES and name in first.cases.table:
            scores[name]["standardised_difference"] = _standardised(first, second, name)
    content: dict[str, Any] = {"first": first.name, "second": second.name, "scores": scores}
    if first.cases.task == CLASSIFICATION:
        content |= {"mcnemar": _mcnemar(first, second), "delong": _delong(first, second, options)}
    return content


def _stacked(first: Model, second: Model) -> GroupStatistics:
    """Puts the answers of both models into one table, the groups of the first before the other's.

    AUROC and average precision rank by the ranks within each model: exchanged probabilities of two
    models have no common scale (Venkatraman and Begg 1996, doi:10.1093/biomet/83.4.835).
    """
    tables = [model.cases.table for model in (first, second)]
    stacked = pd.concat(
        [
            table.assign(group=str(side) + table["group"].astype(str))
            for side, table in enumerate(tables)
        ],
        ignore_index=True,
    )
    labels = first.cases.labels
    if first.cases.task != CLASSIFICATION:
        return case_statistics(stacked, first.cases.task, labels)
    names = [PREFIX + label for label in labels]
    if not all(name in stacked for name in names):
        return ClassificationStatistics(stacked, labels)
    ranks = [rankdata(table[names].to_numpy(dtype=float), axis=0) for table in tables]
    return ClassificationStatistics(stacked, labels, np.concatenate(ranks))


def _standardised(first: Model, second: Model, name: str) -> float | None:
    lesion = has_lesion(first.cases.table).to_numpy()
    before, after = (m.cases.table[name].to_numpy(dtype=float)[lesion] for m in (first, second))
    return _or_none(standardised_difference(after - before))


def _mcnemar(first: Model, second: Model) -> dict[str, Any]:
    right = [
        (m.cases.table["predicted"] == m.cases.table["class"]).to_numpy() for m in (first, second)
    ]
    only = [int((right[a] & ~right[1 - a]).sum()) for a in (0, 1)]
    return {"only_first_right": only[0], "only_second_right": only[1], "p": mcnemar_p(*only)}


def _delong(first: Model, second: Model, options: ComparisonOptions) -> dict[str, Any]:
    """Compares the AUROC of the named class, else of each; of two classes, of the last."""
    labels = first.cases.labels
    chosen: Sequence[str] = labels[-1:] if len(labels) == 2 else labels
    return dict(_areas(first, second, [options.label] if options.label else chosen, options.level))


def _areas(
    first: Model, second: Model, labels: Sequence[str], level: float
) -> Iterator[tuple[str, dict[str, Any]]]:
    tables = [model.cases.table for model in (first, second)]
    for label in labels:
        if any(PREFIX + label not in table for table in tables):
            continue
        values = np.stack([table[PREFIX + label].to_numpy(dtype=float) for table in tables])
        positive = (tables[0]["class"] == label).to_numpy()
        groups = tables[0]["group"].to_numpy(dtype=str)
        found = delong_difference(values, positive, groups, level)
        yield label, {name: _or_none(value) for name, value in found._asdict().items()}


def _adjust(entries: Sequence[dict[str, Any]]) -> None:
    """Adds the adjusted p value to each entry of one family."""
    given = [math.nan if entry["p"] is None else entry["p"] for entry in entries]
    for entry, value in zip(entries, holm_adjusted(given), strict=True):
        entry["p_holm"] = _or_none(value)


def _better(
    name: str, entry: Mapping[str, Any], pair: Mapping[str, Any], most: float
) -> str | None:
    """Names the better model; None where there is no evidence of a difference."""
    if entry["p_holm"] is None or entry["p_holm"] >= most or not entry["difference"]:
        return None
    rises = entry["difference"] > 0
    return pair["second" if rises != less_is_better(name) else "first"]


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
