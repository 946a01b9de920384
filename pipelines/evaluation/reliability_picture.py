"""The reliability diagram: how often a confidence is right."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from pipelines.evaluation.calibration_scores import (
    BINS,
    confidence_terms,
    expected_calibration_error,
)
from pipelines.evaluation.classification import PREFIX
from pipelines.evaluation.confusion_scores import ratio


def reliability_figure(cases: pd.DataFrame, labels: Sequence[str], remark: str = "") -> Figure:
    """Draws the accuracy in each bin of the confidence, and below how many images are in it.

    Args:
        cases: table of cases with ``class`` and ``p_<class>``.
        labels: the class names in the order of their indices.
        remark: what a reader must know, in the title.

    Returns:
        Figure of 1050 x 1050 pixels, made without any global state of matplotlib.

    Source: Guo et al. 2017, arXiv:1706.04599.
    """
    probabilities = cases[[PREFIX + name for name in labels]].to_numpy(dtype=float)
    places = {name: place for place, name in enumerate(labels)}
    truth = np.array(cases["class"].map(places), dtype=np.int64)
    terms = confidence_terms(probabilities, truth)
    images = (terms[:, 0] > 0).sum(axis=0).astype(float)  # the largest probability is never 0
    sums = terms.sum(axis=0)
    error = expected_calibration_error(sums, np.array(float(len(cases))))
    confidence, right = ratio(sums[0], images), ratio(sums[1], images)
    figure = Figure(figsize=(7, 7), dpi=150, layout="constrained", facecolor="white")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    edges = np.arange(BINS) / BINS
    upper.plot([0, 1], [0, 1], color="#999999", linewidth=1, label="as confident as right")
    upper.bar(edges, right, 1 / BINS, align="edge", color="#56B4E9", edgecolor="white")
    upper.plot(confidence, right, "o", color="#0072B2", markersize=4, label="bin")
    upper.set(ylim=(0, 1.02), ylabel="share that is right")
    title = f"Reliability, {len(cases)} images, calibration error {float(error):.3f}"
    upper.set_title(f"{title} ({remark})" if remark else title)
    upper.legend(loc="upper left", frameon=False)
    lower.bar(edges, images, 1 / BINS, align="edge", color="#999999", edgecolor="white")
    lower.set(xlim=(0, 1), xlabel="confidence (largest probability)", ylabel="images")
    for axes in (upper, lower):
        axes.spines[["top", "right"]].set_visible(False)
    return figure
