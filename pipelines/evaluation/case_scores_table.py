"""The scores of `med2d score` as tables for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.table import Table
from rich.text import Text

from pipelines.evaluation.cases import LEAKY
from pipelines.evaluation.scores import LEAKY_LINE

OPTIMISTIC_LINE = "optimistic: the threshold was chosen on the images that it is judged by"


def score_tables(content: Mapping[str, Any]) -> Iterator[Table]:
    """Lays the scores out.

    Args:
        content: what ``case_scores`` returned, with ``operating_points`` where there are some.

    Yields:
        A table of all images and of each class, one of each kind of subgroup, one of each operating
        point. Where the split leaks, every title says so.
    """
    mark = f" ({LEAKY_LINE})" if content[LEAKY] else ""
    yield _table(f"All images{mark}", content, content["by_class"])
    parts = {"Burnt-in marks": content["by_marks"]} if content["by_marks"] else {}
    parts |= {f"By {column}": values for column, values in content["by"].items()}
    for title, values in parts.items():
        yield _subgroup_table(f"{title}{mark}", values, content)
    for point in content.get("operating_points", ()):
        yield _table(f"{point_title(point)}{mark}", point, {})


def point_title(point: Mapping[str, Any]) -> str:
    """Says what an operating point is, in a line."""
    line = (
        f"{point['class']} at {point['target']} {point['least']:g}: "
        f"p_{point['class']} from {point['threshold']:.6g}"
    )
    return f"{line}; {OPTIMISTIC_LINE}" if point["optimistic"] else line


def _table(title: str, content: Mapping[str, Any], by_class: Mapping[str, Any]) -> Table:
    parts = {"": content["scores"], **by_class}
    return _filled(title, parts, content)


def _subgroup_table(title: str, values: Mapping[str, Any], content: Mapping[str, Any]) -> Table:
    parts = {
        f"{name}: {part['images']} images": {
            score: entry for score, entry in part["scores"].items() if entry["value"] is not None
        }
        for name, part in values.items()
    }
    return _filled(title, parts, content)


def _filled(title: str, parts: Mapping[str, Any], content: Mapping[str, Any]) -> Table:
    """Makes a table of sections, each below its name."""
    level = next((entry["level"] for entry in content["scores"].values()), 0.95)
    table = Table("score", title=Text(title))
    for heading in ("value", f"{100 * level:g} % interval", "by", "n", "groups"):
        table.add_column(heading, justify="left" if heading == "by" else "right")
    for name, entries in parts.items():
        if name:
            table.add_section()
            table.add_row(Text(name, style="bold"))
        for score, entry in entries.items():
            table.add_row(Text(score), *_cells(entry))
    return table


def _cells(entry: Mapping[str, Any]) -> tuple[str, str, str, str, str]:
    """Gives value, interval, its method, n and groups as text; a dash where there is none."""
    value = "-" if entry["value"] is None else f"{entry['value']:.3f}"
    bounds = (entry["low"], entry["high"])
    interval = "-" if None in bounds else "{:.3f} to {:.3f}".format(*bounds)
    return value, interval, entry["interval"] or "-", str(entry["n"]), str(entry["groups"])
