"""The most confident mistakes of a classification, with what the network looked at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from pipelines.evaluation.classification import PREFIX

SHOWN = 12
"""Most mistakes in the picture."""

_COLUMNS = 3
_LONGEST_ID = 34  # characters above a pair of pictures; of a longer one the middle is left out


class Mistake(NamedTuple):
    """One mistake ready to draw.

    Attributes:
        id: name of the image.
        truth: its class.
        predicted: the class that was answered, with
        probability: in [0, 1].
        image: what the network saw, (height, width) or (height, width, 3), in [0, 1].
        heat: what spoke for the predicted class, (height, width), in [0, 1]; None where there is
            no such map.
    """

    id: str
    truth: str
    predicted: str
    probability: float
    image: NDArray[np.floating]
    heat: NDArray[np.floating] | None


def confident_mistakes(cases: pd.DataFrame, most: int = SHOWN) -> pd.DataFrame:
    """Gives the wrong cases of the highest probability, the surest first.

    Args:
        cases: table of cases with ``id``, ``class``, ``predicted`` and ``p_<class>``.
        most: how many at most.

    Returns:
        Rows of the table with ``probability``, that of the predicted class.
    """
    wrong = cases[cases["class"] != cases["predicted"]]
    sure = [float(row[PREFIX + row["predicted"]]) for _, row in wrong.iterrows()]
    ordered = wrong.assign(probability=np.array(sure, dtype=float))
    return ordered.sort_values(["probability", "id"], ascending=[False, True]).head(most)


def mistakes_figure(
    mistakes: Sequence[Mistake], wrong: int, images: int, remark: str = ""
) -> Figure:
    """Draws each image beside itself under its heat map.

    Args:
        mistakes: those to draw, the surest first.
        wrong: how many mistakes there are.
        images: how many images were scored.
        remark: what a reader must know, in the title.

    Returns:
        Figure made without any global state of matplotlib; where there is no mistake, it says so.
    """
    rows = max(1, -(-len(mistakes) // _COLUMNS))
    height = 1.1 + 2.75 * rows if mistakes else 2.0
    figure = Figure(figsize=(13, height), dpi=100, layout="constrained", facecolor="white")
    title = _title(len(mistakes), wrong, images)
    figure.suptitle(f"{title} ({remark})" if remark else title)
    if not mistakes:
        return figure
    cells = np.atleast_1d(figure.subfigures(rows, _COLUMNS, squeeze=False)).ravel()
    for cell, mistake in zip(cells, mistakes, strict=False):
        _draw(cell, mistake)
    if any(mistake.heat is not None for mistake in mistakes):
        figure.supxlabel(
            "Left: what the network saw. Right: Grad-CAM, bright where the image spoke for the "
            "predicted class.",
            fontsize=10,
        )
    return figure


def _title(shown: int, wrong: int, images: int) -> str:
    if not wrong:
        return f"No mistakes among {images} images"
    return f"The {shown} most confident of {wrong} mistakes among {images} images"


def _draw(cell: Figure, mistake: Mistake) -> None:
    left, right = cell.subplots(1, 2)
    answer = f"true {mistake.truth}, predicted {mistake.predicted} {mistake.probability:.2f}"
    cold = mistake.heat is not None and not mistake.heat.any()
    nothing = "\nheat map 0 everywhere: no place spoke for it" if cold else ""
    cell.suptitle(f"{_short(mistake.id)}\n{answer}{nothing}", fontsize=9)
    for axes in (left, right):
        _show(axes, mistake.image)
    if mistake.heat is None:
        right.imshow(np.ones_like(mistake.image), cmap="gray", vmin=0, vmax=1)
        right.text(
            0.5, 0.5, "no heat map", ha="center", va="center", transform=right.transAxes, fontsize=8
        )
    else:
        # Where nothing speaks for the class, the image shows through.
        right.imshow(mistake.heat, cmap="inferno", alpha=0.7 * mistake.heat, vmin=0, vmax=1)


def _show(axes: Axes, image: NDArray[np.floating]) -> None:
    axes.imshow(image, cmap="gray", vmin=0, vmax=1)
    axes.set_axis_off()


def _short(name: str) -> str:
    if len(name) <= _LONGEST_ID:
        return name
    half = (_LONGEST_ID - 1) // 2
    return f"{name[:half]}…{name[-half:]}"
