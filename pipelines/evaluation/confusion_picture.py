"""The confusion matrix of a classification as a picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from pipelines.evaluation.confusion_scores import ratio

_DARK = 0.5  # share from which white text is read better than black


def confusion_figure(
    confusion: Sequence[Sequence[int]],
    labels: Sequence[str],
    remark: str = "",
    counted: str = "images",
) -> Figure:
    """Draws counts, and below each its share of the true class, which is the shade.

    Args:
        confusion: counts, rows the truth, columns the prediction.
        labels: the class names in the order of the rows.
        remark: what a reader must know, in the title.
        counted: what is counted.

    Returns:
        Figure of 1050 x 900 pixels, made without any global state of matplotlib.
    """
    counts = np.asarray(confusion, dtype=float)
    shares = ratio(counts, counts.sum(axis=1, keepdims=True))
    figure = Figure(figsize=(7, 6), dpi=150, layout="constrained", facecolor="white")
    axes = figure.add_subplot()
    axes.imshow(np.nan_to_num(shares), cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(counts):
        share = shares[row, column]
        text = f"{count:.0f}" if np.isnan(share) else f"{count:.0f}\n{share:.0%}"
        colour = "white" if share > _DARK else "black"
        axes.text(column, row, text, ha="center", va="center", color=colour)
    places = range(len(labels))
    axes.set_xticks(places, labels, rotation=30 if len(labels) > 3 else 0)
    axes.set_yticks(places, labels)
    title = f"Confusion matrix, {counts.sum():.0f} {counted}"
    axes.set(xlabel="predicted", ylabel="true", title=f"{title} ({remark})" if remark else title)
    return figure
