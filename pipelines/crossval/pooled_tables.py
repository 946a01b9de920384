"""The scores of a cross-validation as tables for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.table import Table
from rich.text import Text

from pipelines.evaluation.cases import LEAKY
from pipelines.evaluation.scores import LEAKY_LINE, scores_table


def pooled_tables(content: Mapping[str, Any]) -> Iterator[Table]:
    """Lays the scores out.

    Args:
        content: of the scores.json of a cross-validation.

    Yields:
        Of a single seed the table that a run prints; of several a table with the mean and the
        standard deviation of each score, and below one another the seeds with their intervals.
    """
    by_seed = content["by_seed"]
    if len(by_seed) > 1:
        yield _spread_table(content)
        return
    (scores,) = by_seed.values()
    froc = scores.get("froc", {}).get("scores", {})
    overall = {LEAKY: content[LEAKY], "scores": {**scores["scores"], **froc}}
    yield scores_table({**scores, **overall, "by_marks": {}})


def _spread_table(content: Mapping[str, Any]) -> Table:
    table = Table("score", title=LEAKY_LINE if content[LEAKY] else None)
    for heading in ("mean", "sd", "seed", "value", "interval"):
        table.add_column(heading, justify="right")
    parts = {str(seed): each["scores"] for seed, each in content["by_seed"].items()}
    if content["seeds_together"]:
        parts["together"] = content["seeds_together"]["scores"]
    for name, spread in content["spread"]["scores"].items():
        start = (Text(name), _number(spread["mean"]), _number(spread["sd"]))
        for seed, scores in parts.items():
            table.add_row(*start, seed, *_cells(scores[name]))
            start = (Text(), "", "")
        table.add_section()
    return table


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _cells(entry: Mapping[str, Any]) -> tuple[str, str]:
    """Gives value and interval."""
    bounds = (entry["low"], entry["high"])
    return _number(entry["value"]), "-" if None in bounds else "{:.3f} to {:.3f}".format(*bounds)
