"""All pictures of a scored classification, into one folder."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from pipelines.atomic import replacing
from pipelines.evaluation.class_curves import precision_recall_figure, roc_figure
from pipelines.evaluation.confusion_picture import confusion_figure
from pipelines.evaluation.reliability_picture import reliability_figure


def draw_class_pictures(
    cases: pd.DataFrame,
    labels: Sequence[str],
    confusion: Sequence[Sequence[int]],
    out_dir: str | os.PathLike[str],
    remark: str = "",
    uncalibrated: pd.DataFrame | None = None,
) -> list[Path]:
    """Draws the confusion matrix, ROC and precision-recall curves and the reliability diagram.

    Args:
        cases: table of cases with the columns of ``classification_columns``, at least one line.
        labels: the class names in the order of their indices.
        confusion: counts, rows the truth, columns the prediction.
        out_dir: folder of the pictures; made where it does not exist.
        remark: what a reader must know, in every title.
        uncalibrated: the same cases with the probabilities before a temperature, for the
            reliability diagram.

    Returns:
        Paths of ``confusion.png``, ``roc.png``, ``precision_recall.png``, ``reliability.png``.
    """
    figures = {
        "confusion": confusion_figure(confusion, labels, remark),
        "roc": roc_figure(cases, labels, remark),
        "precision_recall": precision_recall_figure(cases, labels, remark),
        "reliability": reliability_figure(cases, labels, remark, uncalibrated),
    }
    folder = Path(out_dir)
    folder.mkdir(parents=True, exist_ok=True)
    for name, figure in figures.items():
        with replacing(folder / f"{name}.png") as temporary:
            figure.savefig(temporary, format="png")
    return [folder / f"{name}.png" for name in figures]
