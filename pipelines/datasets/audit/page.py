"""audit.html: the report as one page that needs nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pipelines
from pipelines.datasets.audit.balance import FEW
from pipelines.datasets.audit.case import Case
from pipelines.datasets.audit.figures import Row, figures, is_outlined, shown
from pipelines.datasets.audit.finding import percent
from pipelines.datasets.audit.left_out import left_out_kind
from pipelines.datasets.audit.report import Report
from pipelines.datasets.audit.resolution_plot import resolution_plot
from pipelines.datasets.audit.thumbnail import Thumbnail, draw_thumbnails
from pipelines.datasets.dataset import Item
from pipelines.house_page import render

_LISTED = 200  # images left out that the page lists; audit.json has all
_MODALITIES = {
    "US": "ultrasound",
    "CR": "radiographs",
    "DX": "radiographs",
    "MG": "mammograms",
    "CT": "CT",
    "MR": "MRI",
    "SM": "slide microscopy",
}


def page(report: Report, cases: Sequence[Case], workers: int) -> str:
    """Writes the page.

    Args:
        report: what was found.
        cases: the images.
        workers: number of processes that draw.

    Returns:
        HTML; the same report gives the same text.
    """
    dataset = report.dataset
    places = {item["image"]: item for item in (*dataset.items, *dataset.testing)}
    rows = [shown(finding) for finding in report.findings]
    pictures = _draw(report, places, rows, workers)
    values = {
        "report": report,
        "content": report.content(),
        "version": pipelines.__version__,
        "modality": _modality(report),
        "tiles": _tiles(report),
        "findings": [
            figures(finding, some, places, pictures)
            for finding, some in zip(report.findings, rows, strict=True)
        ],
        "plot": resolution_plot(report.resolution, cases) if report.resolution else "",
        "classes": _classes(report),
        "few": FEW,
        "flags": _flags(report),
        "left_out": _left_out(report),
        "listed": _LISTED,
    }
    return render(__package__, "page.html.j2", {"percent": percent}, values)


def _draw(
    report: Report,
    places: Mapping[str, Item],
    rows: Sequence[Sequence[Row]],
    workers: int,
) -> dict[str, Thumbnail]:
    """Draws each picture that the page shows, once."""
    wanted = dict.fromkeys(name for some in rows for row in some for name in row)
    outlined = frozenset(
        name
        for finding, some in zip(report.findings, rows, strict=True)
        if is_outlined(finding)
        for row in some
        for name in row
    )
    items = [places[name] for name in wanted]
    return draw_thumbnails(report.dataset.folder, items, workers, outlined)


def _modality(report: Report) -> str:
    codes = dict.fromkeys(report.dataset.modality.values())
    return ", ".join(_MODALITIES.get(code, code) for code in codes)


def _tiles(report: Report) -> list[tuple[str, str, str]]:
    """Gives the figures at the head: value, name, remark."""
    content = report.content()
    clusters = content["duplicates"]["clusters"]
    marked = len(content["flags"]["images"])
    size = content["resolution"].get("recommended")
    testing = f"{content['testing']:,} in the test part" if content["testing"] else ""
    return [
        (f"{content['images']:,}", "images", testing),
        (f"{content['groups']:,}", "groups", "stay on one side of a split"),
        (f"{len(content['classes'])}", "classes", ", ".join(content["classes"])),
        (f"{content['folds']}", "folds", ""),
        (f"{len(clusters):,}", "duplicate clusters", f"{sum(map(len, clusters)):,} images"),
        (f"{marked:,}", "flagged images", percent(marked / content["images"])),
        (f"{size}" if size else "none", "recommended size", "pixels, side of the input"),
    ]


def _classes(report: Report) -> dict[str, Any]:
    """Gives the table of classes and folds; each count with its share of the largest."""
    table = report.classes
    places = [name for name in next(iter(table.values())) if name not in ("images", "groups")]
    largest = max((row[place] for row in table.values() for place in places), default=1)
    sums = {key: sum(row[key] for row in table.values()) for key in (*places, "images")}
    return {"places": places, "rows": table, "largest": max(largest, 1), "sums": sums}


def _flags(report: Report) -> dict[str, Any]:
    rows = report.flag_counts
    names = [name for name in next(iter(rows.values()), {}) if name != "images"]
    sums = {name: sum(row[name] for row in rows.values()) for name in (*names, "images")}
    return {"names": names, "rows": rows, "sums": sums}


def _left_out(report: Report) -> dict[str, Any]:
    kinds = Counter(left_out_kind(entry["reason"]) for entry in report.left_out)
    return {"kinds": kinds.most_common(), "entries": report.left_out[:_LISTED]}
