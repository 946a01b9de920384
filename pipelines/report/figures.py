"""The figures of a report as SVG elements, each with a sentence for those who cannot see it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from pipelines.evaluation.case_files import CLASSIFICATION
from pipelines.evaluation.classification import PREFIX
from pipelines.evaluation.curves import QUANTITIES, SIDES, draw_quantity
from pipelines.report.score_names import number
from pipelines.report.sources import REGIONS, UNCALIBRATED, Member, Sources
from pipelines.svg_plot import page_style, svg_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CURVE, PANEL = (4.7, 4.5), (3.7, 3.0)
"""Inches of a figure: small, so that its letters can be read on a phone."""

_MOST_CURVES = 6


def figures(sources: Sources, content: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Draws what the sources give.

    Args:
        sources: what the report is of.
        content: the parts of the report, for what the sentences say.

    Returns:
        Name (``roc``, ``precision_recall``, ``reliability``, ``reliability_before``, ``froc``,
        ``curve_<quantity>``) to
        ``svg``, ``alt`` (what it shows, in a sentence) and ``caption``.
    """
    with page_style():
        return dict(_figures(sources, content["scores"]))


def _figures(sources: Sources, scores: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, str]]]:
    if sources.cases.task == CLASSIFICATION and _has_probabilities(sources):
        yield from _class_figures(sources, scores)
    regions = sources.table(REGIONS)
    if regions is not None and scores["froc"]:
        yield "froc", _froc(sources, scores["froc"])
    told = [member for member in sources.members if member.history is not None]
    if told:
        yield from _curves(told[0])


def _has_probabilities(sources: Sources) -> bool:
    return all(PREFIX + label in sources.cases.table for label in sources.cases.labels)


def _class_figures(
    sources: Sources, scores: Mapping[str, Any]
) -> Iterator[tuple[str, dict[str, str]]]:
    from pipelines.evaluation.class_curves import precision_recall_figure, roc_figure

    table, labels = sources.cases.table, sources.cases.labels
    areas = _by_class(scores, "auroc")
    yield (
        "roc",
        _figure(
            *(roc_figure(table, labels), "roc", CURVE),
            f"ROC curves, each class against the others. Area under the curve: {areas}.",
            "ROC, each class against the others: the share of its images that is found, against "
            "the share of the other images that is called so.",
        ),
    )
    precisions = _by_class(scores, "average_precision")
    yield (
        "precision_recall",
        _figure(
            *(precision_recall_figure(table, labels), "pr", CURVE),
            f"Precision-recall curves of each class. Average precision: {precisions}.",
            "Precision and recall of each class. Precision depends on how frequent a class is.",
        ),
    )
    yield from _reliability(sources)


def _reliability(sources: Sources) -> Iterator[tuple[str, dict[str, str]]]:
    from pipelines.evaluation.reliability_picture import reliability_bins, reliability_figure

    labels, before = sources.cases.labels, _uncalibrated(sources)
    tables = {"": sources.cases.table}
    if before is not None:
        tables = {"as the network answers": before, "calibrated": sources.cases.table}
    for place, (state, table) in enumerate(tables.items()):
        bins = reliability_bins(table, labels)
        shown = f"calibration error {bins.error:.3f}, Brier score {bins.brier:.3f}"
        begin = f"Reliability, {state}" if state else "Reliability"
        yield (
            "reliability" if table is sources.cases.table else "reliability_before",
            _figure(
                *(reliability_figure(table, labels), f"reliability-{place}", (4.7, 5.2)),
                f"{begin}: {shown}.",
                f"{begin}: {shown}. How often an answer is right, by how sure it is; on the "
                "diagonal, confidence is what it says. Points have 95 % intervals.",
                columns=2,
            ),
        )


def _by_class(scores: Mapping[str, Any], name: str) -> str:
    found = [
        f"{label} {number(row['value'])}"
        for label, rows in scores["by_class"].items()
        for row in rows
        if row["score"] == name
    ]
    return ", ".join(found)


def _uncalibrated(sources: Sources) -> pd.DataFrame | None:
    """Gives the cases with the probabilities before a temperature; None where they are the same."""
    table = sources.table(UNCALIBRATED)
    if table is None:
        return None
    columns = [PREFIX + label for label in sources.cases.labels]
    numbers = table.set_index("id")[columns].astype(float)
    own = sources.cases.table
    return own.assign(**{name: numbers.loc[own["id"], name].to_numpy() for name in columns})


def _froc(sources: Sources, froc: Mapping[str, Any]) -> dict[str, str]:
    from pipelines.evaluation.froc_picture import froc_figure
    from pipelines.evaluation.group_intervals import IntervalOptions
    from pipelines.evaluation.lesion_candidates import read_candidates

    regions = pd.concat([read_candidates(member.folder / REGIONS) for member in sources.members])
    cases = sources.cases.table
    false = float((cases["predicted_lesions"] - cases["found_lesions"]).sum()) / len(cases)
    lesions = float(cases["lesions"].sum())
    point = (false, float(cases["found_lesions"].sum()) / lesions) if lesions else None
    figure = froc_figure(
        regions, cases, options=IntervalOptions(resamples=1000), operating_point=point
    )
    mean = next((r["value"] for r in froc["scores"] if r["score"] == "mean_sensitivity"), None)
    told = f" The operating point finds {number(point[1])} at {number(false)}." if point else ""
    return _figure(
        *(figure, "froc", CURVE),
        "Free-response curve: share of the lesions found against false positives per image. Mean "
        f"sensitivity {number(mean)}.{told}",
        "Free-response curve (FROC): the share of the lesions that is found, against the false "
        "positives in an image, as the threshold falls.",
    )


def _curves(member: Member) -> Iterator[tuple[str, dict[str, str]]]:
    history = member.history
    assert history is not None
    best = member.scores.get("epoch")
    for quantity, columns in _measured(history):
        ends = ", ".join(
            f"{SIDES[side][0]} {number(history[name].dropna().iloc[-1])}"
            for side, name in columns.items()
        )
        title = QUANTITIES[quantity][0]
        kept = f" Epoch {best} was kept." if best else ""
        yield (
            f"curve_{quantity}",
            _figure(
                draw_quantity(history, quantity, columns, best),
                *(f"curve-{quantity.replace('_', '-')}", PANEL),
                f"{title} by epoch. In the last epoch: {ends}.{kept}",
                f"{title} by epoch.",
                columns=2,
            ),
        )


def _measured(history: pd.DataFrame) -> list[tuple[str, dict[str, str]]]:
    found = []
    for quantity in QUANTITIES:
        columns = {
            side: f"{side}_{quantity}"
            for side in SIDES
            if f"{side}_{quantity}" in history and history[f"{side}_{quantity}"].notna().any()
        }
        if columns:
            found.append((quantity, columns))
    return found[:_MOST_CURVES]


def _figure(
    figure: Figure, name: str, size: tuple[float, float], alt: str, caption: str, columns: int = 0
) -> dict[str, str]:
    """Fits a figure to the page, which has titles of its own, and writes it."""
    figure.set_size_inches(*size)
    figure.suptitle("")
    for axes in figure.axes:
        axes.set_title("")
    if columns:  # of the legend: it was made for a wider figure
        handles, labels = figure.axes[0].get_legend_handles_labels()
        figure.legends.clear()
        figure.legend(handles, labels, loc="outside lower center", ncols=columns, frameon=False)
    return {"svg": svg_text(figure, name), "alt": alt, "caption": caption}
