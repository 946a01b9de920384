"""Draw the most confident mistakes of a scored classification with their heat maps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from pipelines.atomic import replacing
from pipelines.datasets.dataset import Dataset
from pipelines.evaluation.mistakes_picture import Mistake, confident_mistakes, mistakes_figure
from pipelines.training.heat_maps import heat_maps

FILE = "mistakes.png"


def draw_mistakes(
    cases: pd.DataFrame,
    labels: Sequence[str],
    dataset: Dataset,
    network: torch.nn.Module,
    preprocessing: Callable[[dict[str, Any]], Any],
    folder: Path,
    remark: str = "",
) -> Path:
    """Draw ``mistakes.png``: the images, and what in them spoke for the class that was predicted.

    The heat map is of the upright image alone, also where the probability is a mean over it and its
    mirror image. The scores and the network stay as they are.

    Args:
        cases: table of cases with the columns of ``classification_columns``.
        labels: the class names in the order of their indices.
        dataset: the dataset that the cases are of.
        network: the network that was scored.
        preprocessing: that of the scoring; makes ``image`` (channels, height, width) of a path.
        folder: where the picture goes; made where it does not exist.
        remark: what a reader must know, in the title.

    Returns:
        The picture's path; without mistakes it says that there are none.
    """
    worst = confident_mistakes(cases)
    items = {item["id"]: item for item in map(dataset.resolved, (*dataset.items, *dataset.testing))}
    images = [_image(items[str(name)]["image"], preprocessing) for name in worst["id"]]
    predicted = [labels.index(str(name)) for name in worst["predicted"]]
    heats = heat_maps(network, images, predicted)
    mistakes = [
        Mistake(
            id=str(row["id"]),
            truth=str(row["class"]),
            predicted=str(row["predicted"]),
            probability=float(row["probability"]),
            image=_shown(image),
            heat=None if heats is None else heats[place].numpy(),
        )
        for place, ((_, row), image) in enumerate(zip(worst.iterrows(), images, strict=True))
    ]
    wrong = int((cases["class"] != cases["predicted"]).sum())
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(folder / FILE) as temporary:
        mistakes_figure(mistakes, wrong, len(cases), remark).savefig(temporary, format="png")
    return folder / FILE


def _image(path: str, preprocessing: Callable[[dict[str, Any]], Any]) -> torch.Tensor:
    return torch.as_tensor(preprocessing({"image": path})["image"]).float()


def _shown(image: torch.Tensor) -> NDArray[np.floating]:
    """An image (channels, height, width) as (height, width), or (height, width, 3), in [0, 1]."""
    low, high = image.min(), image.max()
    scaled = (image - low) / (high - low).clamp(min=torch.finfo(image.dtype).tiny)
    return scaled[0].numpy() if len(scaled) != 3 else scaled.permute(1, 2, 0).numpy()
