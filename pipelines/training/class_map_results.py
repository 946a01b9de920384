"""What is made of the cases of scored class maps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd

from pipelines.datasets.dataset import Dataset
from pipelines.evaluation.cases import Column
from pipelines.evaluation.class_map_pictures import Colour, Maps, draw_class_maps
from pipelines.evaluation.class_map_scores import class_map_drop, class_map_scores
from pipelines.evaluation.class_maps import class_map_columns
from pipelines.evaluation.surface_dice import TOLERANCE
from pipelines.training.segmentation_results import PREDICTIONS
from transforms.save_mask import mask_name
from transforms.upright_reader import UprightReader


class ClassMapResults:
    """Columns, scores and pictures of maps of several classes.

    Args:
        labels: the class names in the order of their indices.
        colours: red, green and blue of each class, 0 to 255.
        tolerance: of the surface Dice, pixels, as it was computed; it is told with the scores.

    Attributes:
        columns: the columns of cases.csv.
        pictures: name of the folder of the pictures, in the run's folder.
        tables: further tables beside cases.csv; none.
    """

    pictures = "overlays"
    tables: Mapping[str, pd.DataFrame] = MappingProxyType({})

    def __init__(
        self,
        labels: Sequence[str],
        colours: Sequence[Sequence[int]],
        tolerance: float = TOLERANCE,
    ) -> None:
        self.labels = list(labels)
        self.colours: list[Colour] = [(red, green, blue) for red, green, blue in colours]
        self.tolerance = tolerance
        self.columns: Mapping[str, Column] = class_map_columns(self.labels)

    def scores(self, cases: pd.DataFrame) -> dict[str, Any]:
        """Compute every score with its interval; see ``class_map_scores``."""
        scores = class_map_scores(cases, self.labels)
        return scores | {"surface_dice_tolerance": {"value": self.tolerance, "unit": "pixels"}}

    def drop(self, own: pd.DataFrame, other: pd.DataFrame) -> dict[str, Any]:
        """Say how much worse the scores are on other images; see ``class_map_drop``."""
        return class_map_drop(own, other, self.labels)

    def draw(
        self, cases: pd.DataFrame, scores: Mapping[str, Any], dataset: Dataset, folder: Path
    ) -> None:
        """Draw best, median and worst cases beside their truth, and the confusion of pixels.

        Args:
            cases: the table of cases.
            scores: what ``scores`` gave for it.
            dataset: the dataset that the cases are of.
            folder: the run's folder, with ``predictions/``.
        """
        items = {
            item["id"]: item for item in map(dataset.resolved, (*dataset.items, *dataset.testing))
        }

        def load(name: str) -> Maps:
            image = Path(items[name]["image"])
            answer = folder / PREDICTIONS / mask_name(image)
            truth, prediction = (
                UprightReader("indices").get_data(path)[0].astype(int)
                for path in (Path(items[name]["label"]), answer)
            )
            return Maps(UprightReader("rgb8").get_data(image)[0], truth, prediction)

        target = folder / self.pictures
        draw_class_maps(cases, scores["confusion"], self.labels, self.colours, load, target)
