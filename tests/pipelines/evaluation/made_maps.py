"""Made class maps and their table of cases, in a few lines."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.evaluation.cases import case_table
from pipelines.evaluation.class_maps import (
    border_scores,
    class_map_columns,
    class_map_row,
    pixel_confusion,
)

LABELS = ("background", "stroma", "necrosis")

Map = NDArray[np.int64]


def made_map(rng: np.random.Generator, classes: Sequence[int] = (0, 1, 2)) -> Map:
    """A map of 16 x 12 pixels, in blocks of four."""
    return np.kron(rng.choice(classes, size=(4, 3)), np.ones((4, 4), dtype=np.int64))


def made_pairs(count: int = 8, seed: int = 0) -> list[tuple[Map, Map]]:
    """Predictions and truths; every third truth lacks the last class."""
    rng = np.random.default_rng(seed)
    pairs = []
    for number in range(count):
        truth = made_map(rng, (0, 1) if number % 3 == 0 else (0, 1, 2))
        wrong = rng.random(truth.shape) < 0.2
        pairs.append((np.where(wrong, rng.integers(0, 3, truth.shape), truth), truth))
    return pairs


def made_table(pairs: Sequence[tuple[Map, Map]], images_a_group: int = 2) -> pd.DataFrame:
    """The table of cases of predictions and truths."""
    rows = [
        class_map_row(
            {
                "id": f"image_{number}",
                "group": f"g{number // images_a_group}",
                "fold": 0,
                "class": "image",
                "flags": "",
            },
            pixel_confusion(prediction, truth, len(LABELS)),
            border_scores(prediction, truth, len(LABELS)),
            LABELS,
        )
        for number, (prediction, truth) in enumerate(pairs)
    ]
    return case_table(rows, class_map_columns(LABELS))
