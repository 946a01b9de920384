"""report.html: the report as one page that needs nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

import pipelines
from pipelines.datasets.audit.finding import percent
from pipelines.evaluation.reliability_picture import reliability_bins
from pipelines.house_page import render
from pipelines.report.case_pictures import PicturedCase
from pipelines.report.figures import figures
from pipelines.report.score_names import interval, number
from pipelines.report.segmented_cases import class_colours
from pipelines.report.sources import CLASSES, MAPS, Member, Sources

_DARK = 0.79  # share from which white is read better than black
_ROWS = 60  # epochs that the page lists; of more, each second or third one


def page(
    sources: Sources, content: Mapping[str, Any], pictures: Mapping[str, Sequence[PicturedCase]]
) -> str:
    """Writes the page.

    Args:
        sources: what the report is of, for the figures.
        content: what the report says.
        pictures: title to the cases that are shown.

    Returns:
        HTML; the same report gives the same text.
    """
    drawn = figures(sources, content)
    filters: dict[str, Callable[..., Any]] = {
        "percent": percent,
        "number": number,
        "interval": interval,
        "place": _place,
    }
    values = {
        "r": content,
        "figures": drawn,
        "curves": {name: each for name, each in drawn.items() if name.startswith("curve_")},
        "pictures": pictures,
        "outlined": any(
            view.outlines for cases in pictures.values() for c in cases for view in c.views
        ),
        "colours": _colours(sources),
        "bins": _bins(sources) if "reliability" in drawn else [],
        "confusion": _confusion(content["scores"]),
        "history": _history(sources.members),
        "version": pipelines.__version__,
    }
    return render(__package__, "page.html.j2", filters, values)


def _colours(sources: Sources) -> dict[str, str]:
    """Gives the colours of a map of classes; none for another task."""
    has_map = sources.task == MAPS and sources.dataset is not None
    return class_colours(sources.dataset) if has_map and sources.dataset else {}


def _place(value: float | None) -> str:
    """Gives the place of a score on a bar from 0 to 1, in percent."""
    return f"{100 * min(max(value or 0.0, 0.0), 1.0):.1f}"


def _bins(sources: Sources) -> list[dict[str, float]]:
    """Gives the filled bins of the reliability diagram."""
    if sources.task != CLASSES:
        return []
    bins = reliability_bins(sources.cases.table, sources.cases.labels)
    return [
        {
            "images": int(bins.images[place]),
            "confidence": float(bins.confidence[place]),
            "right": float(bins.right[place]),
            "low": float(bins.intervals[place, 0]),
            "high": float(bins.intervals[place, 1]),
        }
        for place in np.flatnonzero(bins.images)
    ]


def _confusion(scores: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Gives the rows of the confusion matrix, each count with its share of the true class."""
    counts = scores["confusion"] or []
    rows = []
    for label, row in zip(scores["labels"], counts, strict=True):
        total = sum(row)
        shares = [count / total if total else 0.0 for count in row]
        cells = [
            {"count": count, "share": share, "style": shade(share)}
            for count, share in zip(row, shares, strict=True)
        ]
        rows.append({"label": label, "cells": cells, "total": total})
    return rows


def shade(share: float) -> str:
    """Gives the colours of a cell by its share, in which the text has a contrast of 4.5 or more."""
    red, green, blue = 242 - 242 * share, 247 - 155 * share, 252 - 109 * share
    ink = "#fff" if share > _DARK else "#000"
    return f"background:rgb({red:.0f},{green:.0f},{blue:.0f});color:{ink}"


def _history(members: Sequence[Member]) -> dict[str, Any]:
    """Gives the epochs of the first run as a table."""
    told = [member for member in members if member.history is not None]
    if not told:
        return {"names": [], "rows": [], "run": ""}
    history = told[0].history
    assert history is not None
    step = 1 + len(history) // _ROWS
    names = [str(name) for name in history.columns if str(name) not in ("epoch", "seconds")]
    rows = [
        {"epoch": int(row["epoch"]), "values": [_cell(row[name]) for name in names]}
        for _, row in history.iloc[::step].iterrows()
    ]
    return {"names": names, "rows": rows, "run": told[0].name}


def _cell(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.4g}"
