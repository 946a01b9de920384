"""ROC and precision-recall curves of a classification, one class against the others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from pipelines.evaluation.classification import PREFIX
from pipelines.evaluation.confusion_scores import ratio
from pipelines.evaluation.ranking_scores import Ranking, auroc, average_precision, ranking

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Okabe and Ito's palette; further classes begin anew with another style of line."""
_STYLES = ("-", "--", ":", "-.")

Points = NDArray[np.float64]


def roc_figure(cases: pd.DataFrame, labels: Sequence[str], remark: str = "") -> Figure:
    """Draws the receiver operating characteristic of each class.

    Args:
        cases: table of cases with ``class`` and ``p_<class>``.
        labels: the class names; one without images, or with all of them, gets no curve.
        remark: what a reader must know, in the title.

    Returns:
        Figure of 1050 x 900 pixels, made without any global state of matplotlib.
    """
    figure, axes = _empty("ROC, each class against the others", remark)
    axes.plot([0, 1], [0, 1], color="#999999", linewidth=1, label="chance")
    axes.set(xlabel="false positive rate", ylabel="true positive rate (recall)")
    for place, (label, ranked) in enumerate(_rankings(cases, labels)):
        true, false = _counts(ranked)
        if true[-1] and false[-1]:
            area = auroc(ranked, np.ones((1, len(cases))))[0]
            name = f"{label}: AUROC {area:.3f} (n = {true[-1]:.0f})"
            x, y = np.append(0, false / false[-1]), np.append(0, true / true[-1])
            axes.plot(x, y, label=name, **_look(place))
    figure.legend(loc="outside lower center", ncols=1, frameon=False)
    return figure


def precision_recall_figure(cases: pd.DataFrame, labels: Sequence[str], remark: str = "") -> Figure:
    """Draws precision against recall of each class.

    The steps are those over which the average precision is summed; nothing is interpolated.

    Args:
        cases: table of cases with ``class`` and ``p_<class>``.
        labels: the class names; one without images gets no curve.
        remark: what a reader must know, in the title.

    Returns:
        Figure of 1050 x 900 pixels, made without any global state of matplotlib.
    """
    figure, axes = _empty("Precision and recall, each class against the others", remark)
    axes.set(xlabel="recall", ylabel="precision")
    for place, (label, ranked) in enumerate(_rankings(cases, labels)):
        true, false = _counts(ranked)
        if true[-1]:
            mean = average_precision(ranked, np.ones((1, len(cases))))[0]
            name = f"{label}: average precision {mean:.3f} (n = {true[-1]:.0f})"
            recall, precision = true / true[-1], ratio(true, true + false)
            x, y = np.append(0, recall), np.append(precision[0], precision)
            axes.plot(x, y, drawstyle="steps-pre", label=name, **_look(place))
    figure.legend(loc="outside lower center", ncols=1, frameon=False)
    return figure


def _empty(title: str, remark: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(7, 6), dpi=150, layout="constrained", facecolor="white")
    axes = figure.add_subplot()
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    axes.set_title(f"{title} ({remark})" if remark else title)
    axes.set_aspect("equal")
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _rankings(cases: pd.DataFrame, labels: Sequence[str]) -> list[tuple[str, Ranking]]:
    truth = cases["class"].to_numpy(dtype=str)
    return [
        (label, ranking(cases[PREFIX + label].to_numpy(dtype=float), truth == label))
        for label in labels
    ]


def _counts(ranked: Ranking) -> tuple[Points, Points]:
    """True and false positives at each threshold, from the highest on, (values,) each."""
    ends = np.append(ranked.starts[1:], len(ranked.positive)) - 1
    true = np.cumsum(ranked.positive)[ends].astype(float)
    return true, ends + 1 - true


def _look(place: int) -> dict[str, str]:
    again, colour = divmod(place, len(COLOURS))
    return {"color": COLOURS[colour], "linestyle": _STYLES[again % len(_STYLES)]}
