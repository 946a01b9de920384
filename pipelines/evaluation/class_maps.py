"""What one image contributes to the scores of a map of several classes: a row of cases.csv.

A class that is not in the annotation of an image has no score there: its cells are empty. Painted
there all the same, it counts in ``false_positive_rate`` and in every score of pixels. A class that
is there and not predicted counts 0. The mean of an image is over the classes that are in it, the
background (index 0) left out; see ``class_map_statistics`` for the scores of a whole table.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.evaluation.cases import (
    COUNT,
    FLAGS,
    FLAGS_COLUMN,
    LEAKY,
    LEAKY_COLUMN,
    SEGMENTATION_COLUMNS,
    SHARE,
    Column,
)
from pipelines.evaluation.surface_dice import TOLERANCE, surface_dice

IMAGE_SCORES = ("dice", "iou", "precision", "recall", "surface_dice")
"""Scores of a class in an image; each has a column for every class, and one for their mean."""

ACCURACY = "pixel_accuracy"


def score_column(score: str, label: str) -> str:
    """Names the column of a class's score, such as ``dice_stroma``."""
    return f"{score}_{label}"


def pixels_column(true: str, predicted: str) -> str:
    """Names the column of the pixels of one class that were taken for another."""
    return f"pixels_{true}_as_{predicted}"


def class_map_columns(labels: Sequence[str]) -> dict[str, Column]:
    """Gives the columns of cases.csv.

    Args:
        labels: the class names in the order of their indices.
    """
    return {
        **{name: SEGMENTATION_COLUMNS[name] for name in ("id", "group", "fold", "class")},
        **dict.fromkeys((*IMAGE_SCORES, ACCURACY), SHARE),
        **{score_column(score, label): SHARE for label in labels for score in IMAGE_SCORES},
        **{pixels_column(true, other): COUNT for true in labels for other in labels},
        FLAGS: FLAGS_COLUMN,
        LEAKY: LEAKY_COLUMN,
    }


def pixel_confusion(
    prediction: NDArray[np.integer], truth: NDArray[np.integer], classes: int
) -> NDArray[np.int64]:
    """Counts the pixels of each true class by the class that was predicted.

    Args:
        prediction: predicted class indices, (H, W).
        truth: annotated class indices, (H, W).
        classes: number of classes.

    Returns:
        Counts (classes, classes), rows the truth.

    Raises:
        ValueError: the shapes differ, or an index is no class.

    Examples:
        >>> pixel_confusion(np.array([[0, 1, 1]]), np.array([[0, 1, 0]]), 2).tolist()
        [[1, 1], [0, 1]]
    """
    if prediction.shape != truth.shape or truth.ndim != 2:
        raise ValueError(
            f"prediction has shape {prediction.shape} and truth {truth.shape}; expected the same "
            "(H, W): bring the prediction back to the native size first"
        )
    for name, map_ in (("prediction", prediction), ("truth", truth)):
        if map_.size and not 0 <= map_.min() <= map_.max() < classes:
            raise ValueError(
                f"{name} holds the indices {map_.min()} to {map_.max()}; expected 0 to "
                f"{classes - 1}"
            )
    pairs = truth.astype(np.int64) * classes + prediction.astype(np.int64)
    return np.bincount(pairs.ravel(), minlength=classes**2).reshape(classes, classes)


def border_scores(
    prediction: NDArray[np.integer],
    truth: NDArray[np.integer],
    classes: int,
    tolerance: float = TOLERANCE,
) -> list[float]:
    """Gives the surface Dice of each class; NaN where the class is not in the truth.

    Args:
        prediction: predicted class indices, (H, W).
        truth: annotated class indices, (H, W).
        classes: number of classes.
        tolerance: see ``surface_dice``, pixels.
    """
    present = np.isin(np.arange(classes), truth)
    return [
        surface_dice(prediction == index, truth == index, tolerance) if here else math.nan
        for index, here in enumerate(present)
    ]


def class_map_row(
    known: Mapping[str, Any],
    confusion: NDArray[np.int64],
    borders: Sequence[float],
    labels: Sequence[str],
) -> dict[str, Any]:
    """Makes one row of cases.csv.

    Args:
        known: ``id``, ``group``, ``fold``, ``class`` and ``flags``.
        confusion: what ``pixel_confusion`` counted.
        borders: surface Dice of each class; NaN for an empty cell.
        labels: the class names in the order of their indices.

    Returns:
        Column to value; NaN stands for an empty cell (see the module's text).
    """
    row: dict[str, Any] = dict(known)
    by_class = [
        {**_pixel_scores(confusion, index), "surface_dice": float(border)}
        for index, border in enumerate(borders)
    ]
    for score in IMAGE_SCORES:
        row[score] = _mean([scores[score] for scores in by_class[1:]])
    row[ACCURACY] = _ratio(int(np.trace(confusion)), int(confusion.sum()))
    for label, scores in zip(labels, by_class, strict=True):
        row |= {score_column(score, label): scores[score] for score in IMAGE_SCORES}
    for (true, predicted), count in np.ndenumerate(confusion):
        row[pixels_column(labels[true], labels[predicted])] = int(count)
    return row


def _pixel_scores(confusion: NDArray[np.int64], index: int) -> dict[str, float]:
    """Gives the scores of one class by its pixels."""
    tp = int(confusion[index, index])
    area, predicted = int(confusion[index].sum()), int(confusion[:, index].sum())
    if not area:
        return dict.fromkeys(("dice", "iou", "precision", "recall"), math.nan)
    return {
        "dice": 2 * tp / (area + predicted),
        "iou": tp / (area + predicted - tp),
        "precision": tp / predicted if predicted else 0.0,
        "recall": tp / area,
    }


def _mean(values: Sequence[float]) -> float:
    """Gives the mean of the values that there are; NaN of none."""
    given = [value for value in values if not math.isnan(value)]
    return math.fsum(given) / len(given) if given else math.nan


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else math.nan
