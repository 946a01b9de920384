"""The picture of the free-response curve (FROC)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from pipelines.evaluation.froc import POINTS, FrocStatistics
from pipelines.evaluation.group_intervals import (
    IntervalOptions,
    percentile_bounds,
    resampled_values,
)

TICKS = {1 / 16: "1/16", 1 / 8: "1/8", 1 / 4: "1/4", 1 / 2: "1/2", 1: "1", 2: "2", 4: "4", 8: "8"}
"""False positives per image to their name on the axis; the first and the last are its ends."""

_LEFT, _RIGHT = min(TICKS), max(TICKS)
_GRID = np.geomspace(_LEFT, _RIGHT, 141)  # of the band; holds every tick


def froc_figure(
    candidates: pd.DataFrame,
    cases: pd.DataFrame,
    options: IntervalOptions | None = None,
    operating_point: tuple[float, float] | None = None,
    remark: str = "",
) -> Figure:
    """Draws lesion sensitivity against false positives per image.

    Args:
        candidates: table of regions with the columns of ``lesion_candidates``, before any gate.
        cases: table with ``id``, ``group`` and ``lesions``, a row for each image.
        options: how the bootstrap is made; 2,000 resamples where not given. The band is of
            percentiles at each number of false positives by itself; a curve without two groups
            that have a lesion gets none.
        operating_point: false positives per image and lesion sensitivity of the masks as they are
            given out; what lies beyond an end of the axis is drawn there as
            an arrowhead.
        remark: what a reader must know, in the title.

    Returns:
        Figure of 1050 x 900 pixels, made without any global state of matplotlib; without a curve
        where there is no lesion.

    Raises:
        ValueError: the tables do not fit together.
    """
    statistics = FrocStatistics(candidates, cases)
    lesions = statistics.quantities[0]
    value = float(statistics.values(np.ones((1, statistics.groups)))[0, -1])
    mean = "" if np.isnan(value) else f", mean sensitivity {value:.3f}"
    figure, axes = _empty(f"FROC, {len(cases)} images, {lesions.n} lesions{mean}", remark)
    if lesions.n:
        if lesions.groups >= 2:
            _draw_band(axes, candidates, cases, options or IntervalOptions(resamples=2000))
        _draw_curve(axes, statistics)
    if operating_point:
        _draw_operating_point(axes, *operating_point)
    if axes.get_legend_handles_labels()[0]:
        figure.legend(loc="outside lower center", ncols=1, frameon=False)
    return figure


def _empty(title: str, remark: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(7, 6), dpi=150, layout="constrained", facecolor="white")
    axes = figure.add_subplot()
    axes.set_xscale("log", base=2)
    axes.set_xticks(list(TICKS), list(TICKS.values()))
    axes.minorticks_off()
    axes.set(xlim=(_LEFT / 1.06, _RIGHT * 1.06), ylim=(-0.02, 1.02))
    axes.set(xlabel="false positives per image", ylabel="lesion sensitivity")
    axes.set_title(f"{title} ({remark})" if remark else title)
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _draw_band(
    axes: Axes, candidates: pd.DataFrame, cases: pd.DataFrame, options: IntervalOptions
) -> None:
    statistics = FrocStatistics(candidates, cases, _GRID.tolist())
    drawn = resampled_values(statistics, options.resamples, options.seed)[:, :-1]
    low, high = np.array([percentile_bounds(column, options.level) for column in drawn.T]).T
    label = f"{100 * options.level:g} % interval, groups resampled"
    axes.fill_between(_GRID, low, high, color="#56B4E9", alpha=0.35, linewidth=0, label=label)


def _draw_curve(axes: Axes, statistics: FrocStatistics) -> None:
    """Draws the steps, dotted where no further region is left, and the points of the scores."""
    curve = np.vstack([[0, 0, 1], statistics.curve()])[:, :2]
    end = max(curve[-1, 0], _LEFT)
    x = np.concatenate([[_LEFT], curve[(curve[:, 0] > _LEFT), 0], [end]])
    look = {"color": "#0072B2", "label": "from threshold to threshold"}
    axes.plot(x, _sensitivity(curve, x), drawstyle="steps-post", **look)
    if end < _RIGHT:
        last = curve[-1, 1]
        axes.plot([end, _RIGHT], [last, last], ":", color="#0072B2", label="all regions count")
    heights = _sensitivity(curve, np.array(POINTS))
    axes.plot(POINTS, heights, "o", color="#0072B2", markersize=5, label="points of the mean")


def _sensitivity(curve: NDArray[np.float64], x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Gives the height of the steps (corners, 2) at numbers of false positives."""
    return curve[np.searchsorted(curve[:, 0], x, side="right") - 1, 1]


def _draw_operating_point(axes: Axes, false_positives: float, sensitivity: float) -> None:
    label = f"operating point: {sensitivity:.3f} at {false_positives:.3f} false positives per image"
    place = min(max(false_positives, _LEFT), _RIGHT)
    marker = "D" if place == false_positives else "<" if place == _LEFT else ">"
    look = {"color": "#D55E00", "markersize": 9, "clip_on": False, "linestyle": "none"}
    axes.plot([place], [sensitivity], marker=marker, zorder=5, label=label, **look)
