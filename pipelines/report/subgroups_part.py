"""The scores of a report by subgroups of the images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from pipelines.datasets.dataset import KNOWN_ITEM_KEYS
from pipelines.errors import InputError
from pipelines.evaluation.case_files import Cases
from pipelines.evaluation.case_scores import case_scores
from pipelines.evaluation.cases import FLAGS
from pipelines.evaluation.group_intervals import IntervalOptions
from pipelines.evaluation.subgroups import LESION_AREA
from pipelines.report.score_names import SUBGROUP_SCORES
from pipelines.report.score_part import row
from pipelines.report.sources import CLASSES, LESIONS, Sources

RESAMPLES = 2000
"""Of the intervals of subgroups."""

_MOST = 12  # subgroups of a column that is not asked for; of more it is no column of groups
_TITLES = {FLAGS: "Burnt-in marks", LESION_AREA: "Size of the lesion, pixels", "class": "Class"}


def subgroups_part(sources: Sources, by: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Scores the images by the flags, the size of the lesion, the class and the data's columns.

    Args:
        sources: what the report is of.
        by: columns that are asked for, of the cases or of the dataset's items.

    Returns:
        For each column that divides the images ``column``, ``title`` and ``parts``, each with
        ``name``, ``images``, ``groups`` and ``scores`` (rows).

    Raises:
        InputError: there is no such column, or it has too many values.
    """
    cases = _with_columns(sources)
    found = []
    for column in dict.fromkeys((*_own(sources, cases.table), *by)):
        scored = case_scores(cases, IntervalOptions(RESAMPLES), [column])["by"][column]
        if 1 < len(scored) <= _MOST or (column in by and scored):
            names = SUBGROUP_SCORES[sources.task]
            parts = [_part(name, part, names) for name, part in scored.items()]
            found.append({"column": column, "title": _title(column), "parts": parts})
    return found


def _title(column: str) -> str:
    return _TITLES.get(column, column[:1].upper() + column[1:].replace("_", " "))


def _part(name: str, part: dict[str, Any], scores: Sequence[str]) -> dict[str, Any]:
    return {
        "name": name,
        "images": part["images"],
        "groups": part["groups"],
        "scores": [row(each, part["scores"][each]) for each in scores if each in part["scores"]],
    }


def _own(sources: Sources, table: pd.DataFrame) -> list[str]:
    """Names the columns that a reader will ask for."""
    names = []
    if sources.task != CLASSES and _values(table, "class") > 1:
        names.append("class")
    if sources.task == LESIONS and LESION_AREA in table and (table[LESION_AREA] > 0).sum() >= 8:
        names.append(LESION_AREA)
    if FLAGS in table and (table[FLAGS].astype(str) != "").any():
        names.append(FLAGS)
    return names + [name for name in _further(sources) if 1 < _values(table, name) <= _MOST]


def _values(table: pd.DataFrame, name: str) -> int:
    return int(table[name].nunique()) if name in table else 0


def _further(sources: Sources) -> list[str]:
    """Names the columns that the data came with, such as a device."""
    if sources.dataset is None:
        return []
    items = (*sources.dataset.items, *sources.dataset.testing)
    names = dict.fromkeys(key for item in items for key in item)
    return [name for name in names if name not in KNOWN_ITEM_KEYS]


def _with_columns(sources: Sources) -> Cases:
    """Gives the cases with the columns of the dataset's items."""
    cases, dataset = sources.cases, sources.dataset
    names = [name for name in _further(sources) if name not in cases.table]
    if dataset is None or not names:
        return cases
    items = {item["id"]: item for item in map(dataset.resolved, (*dataset.items, *dataset.testing))}
    missing = [name for name in cases.table["id"] if name not in items]
    if missing:
        raise InputError(
            f"the image {missing[0]!r} of {sources.name} is not in {dataset.folder}; name the "
            "dataset of the run by --dataset_dir"
        )
    columns = {name: [_text(items[each].get(name)) for each in cases.table["id"]] for name in names}
    return cases._replace(table=cases.table.assign(**columns))


def _text(value: Any) -> str:
    return "" if value is None else str(value)
