"""The reliability diagram: how often a confidence is right, as answered and calibrated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from pipelines.evaluation.calibration_scores import (
    BINS,
    brier_terms,
    confidence_terms,
    expected_calibration_error,
)
from pipelines.evaluation.classification import PREFIX
from pipelines.evaluation.confusion_scores import ratio
from pipelines.evaluation.wilson import wilson_bounds

_EDGES = np.arange(BINS) / BINS
_GREY, _LIGHT, _DARK = "#8C8C8C", "#A6D3EE", "#0072B2"
_TOO_SURE, _TOO_UNSURE = "#F3C9AE", "#A9DCC8"
_LEVEL = 0.95


class Bins(NamedTuple):
    """What the diagram shows of a table of cases.

    Attributes:
        images: number of images in each bin, (BINS,).
        confidence: their mean confidence, (BINS,); NaN in an empty bin.
        right: share that is right, (BINS,); NaN in an empty bin.
        intervals: (BINS, 2): of the share that is right; NaN in an empty bin.
        error: expected calibration error.
        brier: Brier score.
    """

    images: NDArray[np.float64]
    confidence: NDArray[np.float64]
    right: NDArray[np.float64]
    intervals: NDArray[np.float64]
    error: float
    brier: float


def reliability_figure(
    cases: pd.DataFrame,
    labels: Sequence[str],
    remark: str = "",
    uncalibrated: pd.DataFrame | None = None,
) -> Figure:
    """Draws the accuracy in each bin of the confidence, and below how many images are in it.

    What lies between a bin's accuracy and its mean confidence has a colour of its own. A point
    stands at the mean confidence; its whiskers are 95 % Wilson intervals of the accuracy. In a bin
    with several images of a group, there are as many trials as groups.

    Args:
        cases: table of cases with ``group``, ``class`` and ``p_<class>``.
        labels: the class names in the order of their indices.
        remark: what a reader must know, in the title.
        uncalibrated: the same cases with the probabilities before a temperature, drawn on the left.

    Returns:
        Figure of 1050 x 1050 pixels, or of 1980 x 1050 with both, made without any global state of
        matplotlib.

    Source: Guo et al. 2017, arXiv:1706.04599.
    """
    tables = {"": cases}
    if uncalibrated is not None:
        tables = {"as the network answers": uncalibrated, "calibrated": cases}
    drawn = {name: reliability_bins(table, labels) for name, table in tables.items()}
    most = max(bins.images.max() for bins in drawn.values())
    width = 7.0 if len(drawn) == 1 else 13.2
    figure = Figure(figsize=(width, 7), dpi=150, layout="constrained", facecolor="white")
    grid = figure.subplots(2, len(drawn), sharex=True, squeeze=False, height_ratios=[3, 1])
    for column, (name, bins) in enumerate(drawn.items()):
        _draw_accuracy(grid[0, column], bins, name)
        _draw_counts(grid[1, column], bins, most)
    grid[0, 0].set_ylabel("share that is right")
    grid[1, 0].set_ylabel("images")
    title = f"Reliability, {len(cases)} images"
    figure.suptitle(f"{title} ({remark})" if remark else title, fontsize=13)
    handles, names = grid[0, 0].get_legend_handles_labels()
    figure.legend(
        handles, names, loc="outside lower center", ncols=2 * len(drawn) + 1, frameon=False
    )
    return figure


def reliability_bins(cases: pd.DataFrame, labels: Sequence[str]) -> Bins:
    """Sorts cases into the bins of their confidence; see ``reliability_figure``."""
    probabilities = cases[[PREFIX + name for name in labels]].to_numpy(dtype=float)
    places = {name: place for place, name in enumerate(labels)}
    truth = np.array(cases["class"].map(places), dtype=np.int64)
    terms = confidence_terms(probabilities, truth)
    inside = terms[:, 0] > 0  # the largest probability is never 0
    images, sums = inside.sum(axis=0).astype(float), terms.sum(axis=0)
    names = cases["group"].to_numpy(dtype=str)
    groups = [len(np.unique(names[column])) for column in inside.T]
    right = ratio(sums[1], images)
    error = expected_calibration_error(sums, np.array(float(len(cases))))
    return Bins(
        images=images,
        confidence=ratio(sums[0], images),
        right=right,
        intervals=np.array([_interval(*pair) for pair in zip(right, groups, strict=True)]),
        error=float(error),
        brier=float(brier_terms(probabilities, truth).mean()),
    )


def _interval(share: float, trials: int) -> tuple[float, float]:
    return wilson_bounds(share * trials, trials, _LEVEL) if trials else (np.nan, np.nan)


def _draw_accuracy(axes: Axes, bins: Bins, name: str) -> None:
    filled = bins.images > 0
    centres, right = _EDGES[filled] + 0.5 / BINS, bins.right[filled]
    confidence, (low, high) = bins.confidence[filled], bins.intervals[filled].T
    look = {"width": 0.9 / BINS, "zorder": 1}
    axes.bar(centres, right, color=_LIGHT, label="share that is right", **look)
    for colour, gap, label in (
        (_TOO_SURE, np.minimum(right - confidence, 0), "surer than right"),
        (_TOO_UNSURE, np.maximum(right - confidence, 0), "less sure than right"),
    ):
        axes.bar(centres, gap, bottom=confidence, color=colour, label=label, **look)
    agree = "as confident as right"
    axes.plot([0, 1], [0, 1], color=_GREY, linewidth=1, linestyle="--", zorder=2, label=agree)
    axes.errorbar(
        *(confidence, right, np.clip([right - low, high - right], 0, 1)),
        fmt="o",
        color=_DARK,
        markersize=4.5,
        elinewidth=1.2,
        capsize=2.5,
        zorder=3,
        clip_on=False,
        label=f"bin, {100 * _LEVEL:g} % interval",
    )
    scores = f"calibration error {bins.error:.3f}, Brier {bins.brier:.3f}"
    axes.set_title(f"{name}\n{scores}" if name else scores, fontsize=11)
    axes.set(xlim=(0, 1), ylim=(0, 1.02))
    axes.grid(axis="y", alpha=0.3, zorder=0)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _draw_counts(axes: Axes, bins: Bins, most: float) -> None:
    bars = axes.bar(_EDGES + 0.5 / BINS, bins.images, 0.9 / BINS, color="#BFBFBF")
    numbers = [f"{count:.0f}" if count else "" for count in bins.images]
    axes.bar_label(bars, numbers, padding=1, fontsize=8, color="#404040")
    axes.set(xlim=(0, 1), ylim=(0, 1.2 * most), xlabel="confidence (largest probability)")
    axes.spines[["top", "right"]].set_visible(False)
