"""The plot that answers at which size to train: the images' sizes, and what each size does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pipelines.datasets.audit.case import Case
from pipelines.datasets.audit.resolution import LEAST_AREA, LEAST_KEPT, MOST_ENLARGED
from pipelines.svg_plot import PALE, page_style, svg_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_GREY = "#64748b"
_RIGHT = (0.42, 0.23, 0.57, 0.69)  # of the figure: left, bottom, width, height
_BLUE, _ORANGE, _GREEN = "#0072B2", "#D55E00", "#009E73"


def resolution_plot(resolution: Mapping[str, Any], cases: Sequence[Case]) -> str:
    """Draws the plot.

    Args:
        resolution: what ``resolution`` gives.
        cases: the images.

    Returns:
        An SVG element; the same data give the same text.
    """
    from matplotlib.figure import Figure

    with page_style():
        figure = Figure(figsize=(10.6, 3.7))
        left, right = figure.add_axes((0.055, 0.23, 0.29, 0.69)), figure.add_axes(_RIGHT)
        _draw_sizes(left, resolution, cases)
        _draw_candidates(right, resolution)
        return svg_text(figure, "size")


def _draw_sizes(axes: Axes, resolution: Mapping[str, Any], cases: Sequence[Case]) -> None:
    """Draws a dot for each size that occurs, its area by the number of images."""
    sizes = Counter(
        (case.measured.width, case.measured.height) for case in cases if not case.measured.problem
    )
    most = max(sizes.values())
    widths, heights = zip(*sizes, strict=True)
    areas = [12 + 160 * count / most for count in sizes.values()]
    axes.scatter(
        widths, heights, areas, color=_BLUE, alpha=0.35, linewidths=0, rasterized=len(sizes) > 500
    )
    size = resolution["recommended"]
    axes.plot([0, size, size], [size, size, 0], color=_ORANGE, linewidth=1.5)
    axes.annotate(
        f"{size} x {size}", (size, size), (3, 3), textcoords="offset points", color=_ORANGE
    )
    limit = 1.08 * max(*widths, *heights, size)
    axes.set(xlim=(0, limit), ylim=(0, limit), xlabel="width, pixels", ylabel="height, pixels")
    axes.set_aspect("equal")
    axes.set_title("Sizes of the images", loc="left", fontsize=11, fontweight="bold")
    axes.grid(color=PALE, linewidth=0.8)
    axes.set_axisbelow(True)


def _draw_candidates(axes: Axes, resolution: Mapping[str, Any]) -> None:
    """Draws the shares that decide against the side of the input."""
    rows = resolution["candidates"]
    places = range(len(rows))
    axes.plot(places, [100 * row["enlarged"] for row in rows], "s--", color=_BLUE, markersize=4)
    handles = ["images that are enlarged"]
    axes.axhline(100 * MOST_ENLARGED, color=_BLUE, linewidth=0.8, linestyle=":")
    if resolution["lesions"]:
        kept = [100 * row["lesions_kept"] for row in rows]
        axes.plot(places, kept, "o-", color=_GREEN, markersize=5)
        axes.axhline(100 * LEAST_KEPT, color=_GREEN, linewidth=0.8, linestyle=":")
        handles.append(f"lesions that keep {LEAST_AREA} pixels")
        hard = [100 * row["best_dice_hard"] for row in rows]
        axes.plot(places, hard, "^-", color=_GREY, markersize=4, linewidth=1)
        handles.append("best Dice, hardest 5 % of the masks (x 100)")
    chosen = [row["size"] for row in rows].index(resolution["recommended"])
    axes.axvspan(chosen - 0.4, chosen + 0.4, color=_ORANGE, alpha=0.14, linewidth=0)
    lines = [line for line in axes.get_lines() if line.get_marker() != "None"]
    axes.get_figure().legend(lines, handles, frameon=False, loc="lower right", ncols=3)
    axes.set_xticks(list(places), [str(row["size"]) for row in rows])
    axes.get_xticklabels()[chosen].set(color=_ORANGE, fontweight="bold")
    axes.set(ylim=(-4, 104), xlabel="side of the input, pixels", ylabel="share, %")
    axes.set_title("What each size does", loc="left", fontsize=11, fontweight="bold")
    axes.grid(axis="y", color=PALE, linewidth=0.8)
    axes.set_axisbelow(True)
