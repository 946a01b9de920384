"""Whether a table gives the scores that were recorded of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.errors import InputError
from pipelines.evaluation.group_statistics import GroupStatistics

_TOLERANCE = 1e-6  # sums of floats in another order, and tables with fewer digits


def check_recorded(
    statistics: GroupStatistics, content: Mapping[str, Any], table: Path, record: Path, advice: str
) -> None:
    """Compares the scores of a table with those that were recorded, without intervals.

    Args:
        statistics: of the table.
        content: ``scores`` and ``by_class``, as ``scores.json`` has them.
        table: file of the table.
        record: file of the recorded scores.
        advice: what to do where they differ.

    Raises:
        InputError: the table gives another score; names both files and the score.
    """
    values = statistics.values(np.ones((1, statistics.groups)))[0]
    for quantity, value in zip(statistics.quantities, values, strict=True):
        part = content.get("by_class", {}).get(quantity.part, {})
        entry = (part if quantity.part else content["scores"]).get(quantity.score)
        name = f"{quantity.score} ({quantity.part})" if quantity.part else quantity.score
        check_value(name, float(value), entry, table, record, advice)


def check_value(
    name: str,
    value: float,
    entry: Mapping[str, Any] | None,
    table: Path,
    record: Path,
    advice: str,
) -> None:
    """Compares one score; what one side lacks or leaves undefined passes, so versions may differ.

    Args:
        name: of the score.
        value: by the table.
        entry: what was recorded, with its ``value``.
        table: file of the table.
        record: file of the recorded scores.
        advice: what to do where they differ.

    Raises:
        InputError: they differ by more than rounding.
    """
    recorded = None if entry is None else entry.get("value")
    if recorded is None or math.isnan(value):
        return
    if not math.isclose(value, recorded, rel_tol=_TOLERANCE, abs_tol=_TOLERANCE):
        raise InputError(
            f"{table} gives {name} {value:.4f}, but {record} tells {recorded:.4f}: one of them was "
            f"changed since, or another version of med2d scored it; {advice}"
        )
