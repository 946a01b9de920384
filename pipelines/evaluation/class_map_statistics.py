"""Every score of maps of several classes for any counts of groups, from the columns of a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.evaluation.class_maps import ACCURACY, IMAGE_SCORES, pixels_column, score_column
from pipelines.evaluation.group_statistics import Quantity, Table, counted
from pipelines.evaluation.ratio_statistics import RatioStatistics

DESCRIPTIONS = {
    "dice": "Mean Dice over the images that hold the class.",
    "iou": "Mean intersection over union over the images that hold the class.",
    "precision": "Mean pixel precision over the images that hold the class.",
    "recall": "Mean pixel recall over the images that hold the class.",
    "surface_dice": "Mean share of the borders within the tolerance, over the images that hold the "
    "class.",
    "pixel_precision": "Share of the pixels predicted as the class, of all images, that are it.",
    "pixel_recall": "Share of the class's pixels of all images that are predicted as it.",
    "pixel_dice": "Dice of all pixels of all images pooled.",
    "false_positive_rate": "Share of the images without the class in which any pixel is predicted "
    "as it.",
}
"""Scores of a class; that of all classes is the mean over them, the background left out."""

_POOLED = ("pixel_precision", "pixel_recall", "pixel_dice")

ACCURACY_TEXT = "Share of the pixels of all images whose class is right, the background counted."


class _Ratio(NamedTuple):
    """What each case adds above and below the line, (cases,), and what it is."""

    above: Table
    below: Table
    counts: NDArray[np.bool_]
    score: str
    part: str
    unit: str


class ClassMapStatistics:
    """Scores of each class, and their means, for any counts of groups; a ``GroupStatistics``.

    The mean of a score over the classes leaves out the background, and classes for which the table
    does not define it; one that is there and never predicted counts 0 in the mean of
    ``pixel_precision``. Counts that do not define it for one of the others do not define the mean,
    so that every resample has the classes of the table, as in ``ClassificationStatistics``.

    Args:
        cases: table with ``group`` and columns of ``class_maps.class_map_columns``; scores whose
            columns are missing are left out.
        labels: the class names in the order of their indices, the background first.
        averaged: the classes over which the mean of each score is; all but the background where not
            given.

    Attributes:
        averaged: the classes over which the mean of each score is, in the end.
        confusion: counts of pixels (classes, classes), rows the truth; None without their columns.
    """

    def __init__(
        self,
        cases: pd.DataFrame,
        labels: Sequence[str],
        averaged: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        averaged = dict.fromkeys(DESCRIPTIONS, labels[1:]) if averaged is None else averaged
        groups = cases["group"].to_numpy(dtype=str)
        cube = _confusions(cases, labels)
        self.confusion = None if cube is None else cube.sum(axis=0)
        ratios = list(_ratios(cases, labels, cube))
        self._ratios = RatioStatistics(
            np.stack([ratio.above for ratio in ratios], axis=1),
            np.stack([ratio.below for ratio in ratios], axis=1),
            groups,
            [_quantity(ratio, groups) for ratio in ratios],
        )
        self.groups = self._ratios.groups
        self._pixels = _places(ratios, _POOLED)
        everyone = self._ratios.values(np.ones((1, self.groups)))
        self._held = ~np.isnan(everyone[0])
        defined = ~np.isnan(self._comparable(everyone)[0])
        self._members = {
            score: [
                place
                for place, ratio in enumerate(ratios)
                if ratio.score == score and ratio.part in averaged[score] and defined[place]
            ]
            for score in DESCRIPTIONS
            if any(ratio.score == score for ratio in ratios)
        }
        self.averaged: Mapping[str, Sequence[str]] = {
            score: [ratios[place].part for place in places]
            for score, places in self._members.items()
        }
        means = [
            _mean_quantity(score, [ratios[place] for place in places], groups)
            for score, places in self._members.items()
        ]
        self.quantities: Sequence[Quantity] = [*means, *self._ratios.quantities]

    def values(self, counts: Table) -> Table:
        """Gives every score for each row of counts; see ``GroupStatistics``."""
        single = self._ratios.values(counts)
        comparable = self._comparable(single)
        means = [_mean(comparable[:, places]) for places in self._members.values()]
        return np.column_stack([*means, single])

    def _comparable(self, single: Table) -> Table:
        """Gives the scores of the classes as their means take them.

        Args:
            single: the scores of each class for each row of counts.

        Returns:
            The same, but of pixels: NaN where a class of the table is missing, and a precision of 0
            where a class that is there is not predicted.
        """
        table = single.copy()
        for precision, recall, dice in self._pixels:
            here = ~np.isnan(single[:, recall])
            if self._held[recall]:
                table[~here, precision] = np.nan
                table[~here, dice] = np.nan
            table[here & np.isnan(single[:, precision]), precision] = 0
        return table


def _places(ratios: Sequence[_Ratio], scores: Sequence[str]) -> list[list[int]]:
    """Gives the columns of several scores of each class that has them."""
    columns = {(ratio.part, ratio.score): place for place, ratio in enumerate(ratios)}
    parts = dict.fromkeys(part for part, score in columns if score == scores[0])
    return [[columns[part, score] for score in scores] for part in parts]


def _confusions(cases: pd.DataFrame, labels: Sequence[str]) -> Table | None:
    """Gives the counts of pixels of each case, (cases, classes, classes), where there are some."""
    names = [pixels_column(true, other) for true in labels for other in labels]
    if not set(names) <= set(cases.columns):
        return None
    table = cases[names].to_numpy(dtype=float)
    return table.reshape(len(cases), len(labels), len(labels))


def _ratios(cases: pd.DataFrame, labels: Sequence[str], cube: Table | None) -> Iterator[_Ratio]:
    """Yields the accuracy of pixels, then the scores of each class."""
    everyone = np.ones(len(cases), dtype=bool)
    if cube is not None:
        right = np.trace(cube, axis1=1, axis2=2)
        yield _Ratio(right, cube.sum(axis=(1, 2)), everyone, ACCURACY, "", "images")
    for index, label in enumerate(labels):
        has = _has_class(cases, label, None if cube is None else cube[:, index].sum(axis=1))
        for score in IMAGE_SCORES:
            name = score_column(score, label)
            if name in cases:
                cells = cases[name].to_numpy(dtype=float, na_value=np.nan)
                here = has & ~np.isnan(cells)
                yield _Ratio(
                    np.nan_to_num(cells) * here, here.astype(float), here, score, label, "images"
                )
        if cube is not None:
            yield from _pooled(cube, index, label)


def _pooled(cube: Table, index: int, label: str) -> Iterator[_Ratio]:
    """Yields the scores of a class by the pixels of all images."""
    tp = cube[:, index, index]
    area, predicted = cube[:, index].sum(axis=1), cube[:, :, index].sum(axis=1)
    everyone, without = np.ones(len(cube), dtype=bool), area == 0
    yield _Ratio(tp, predicted, everyone, "pixel_precision", label, "images")
    yield _Ratio(tp, area, everyone, "pixel_recall", label, "images")
    yield _Ratio(2 * tp, area + predicted, everyone, "pixel_dice", label, "images")
    alarms = (without & (predicted > 0)).astype(float)
    unit = "images without it"
    yield _Ratio(alarms, without.astype(float), without, "false_positive_rate", label, unit)


def _has_class(cases: pd.DataFrame, label: str, area: Table | None) -> NDArray[np.bool_]:
    """Tells which images hold a class: by its pixels, else by the cells that are not empty."""
    if area is not None:
        return area > 0
    names = [name for score in IMAGE_SCORES if (name := score_column(score, label)) in cases]
    return cases[names[0]].notna().to_numpy() if names else np.ones(len(cases), dtype=bool)


def _quantity(ratio: _Ratio, groups: NDArray) -> Quantity:
    text = ACCURACY_TEXT if ratio.score == ACCURACY else DESCRIPTIONS[ratio.score]
    defined = bool(ratio.below.any())
    images, distinct = counted(ratio.counts & defined, groups)
    hits = (round(ratio.above.sum()), round(ratio.below.sum()))
    is_share = ratio.score == "false_positive_rate" and defined
    return Quantity(
        ratio.score, ratio.part, text, ratio.unit, images, distinct, hits if is_share else None
    )


def _mean_quantity(score: str, ratios: Sequence[_Ratio], groups: NDArray) -> Quantity:
    text = f"Mean over the classes but the background. {DESCRIPTIONS[score]}"
    any_class = np.any([ratio.counts for ratio in ratios], axis=0) & np.ones(len(groups), bool)
    unit = "images" if score != "false_positive_rate" else "images without a class"
    return Quantity(score, "", text, unit, *counted(any_class, groups))


def _mean(values: Table) -> Table:
    """Gives the mean of each row; NaN where one of its values is, or there are none."""
    return values.mean(axis=1) if values.shape[1] else np.full(len(values), np.nan)
