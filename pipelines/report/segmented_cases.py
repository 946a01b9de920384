"""The best, median and worst cases of a segmentation, with what was drawn and what is true."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.datasets.audit.appearance import eight_bits
from pipelines.datasets.audit.measure import read_pixels, read_values
from pipelines.datasets.dataset import Dataset, Item
from pipelines.evaluation.class_map_pictures import chosen_cases
from pipelines.evaluation.overlays import select_cases
from pipelines.report.case_pictures import PicturedCase, View, view
from pipelines.report.score_names import number
from pipelines.report.sources import LESIONS, Sources

PREDICTIONS = "predictions"
_TITLES = {
    "best": "Best cases",
    "median": "Median cases",
    "worst": "Worst cases",
    "false_positives": "False findings in images without a lesion",
}


def segmented_cases(sources: Sources, count: int) -> dict[str, list[PicturedCase]]:
    """Draws the cases.

    Args:
        sources: what the report is of; its dataset is at hand.
        count: most cases of a kind.

    Returns:
        Title to cases; only kinds of which there are some. A case whose predicted mask is not at
        hand is left out.

    Raises:
        InputError: an image or a mask of the dataset cannot be read.
    """
    cases, dataset = sources.cases.table, sources.dataset
    assert dataset is not None
    choose = select_cases if sources.task == LESIONS else chosen_cases
    items = {item["id"]: item for item in map(dataset.resolved, (*dataset.items, *dataset.testing))}
    answers = _answers(sources)
    records = cases.set_index("id").to_dict("index")
    draw = _outlined if sources.task == LESIONS else _mapped
    found = {
        _TITLES[kind]: [
            draw(name, items[name], records[name], answers[name], sources)
            for name in ids
            if name in items and name in answers
        ]
        for kind, ids in choose(cases, count).items()
    }
    return {title: drawn for title, drawn in found.items() if drawn}


def _answers(sources: Sources) -> dict[str, Path]:
    """Finds the predicted masks of the runs, by the image's name."""
    ending = "_mask.png"
    return {
        path.name.removesuffix(ending): path
        for member in sources.members
        for path in sorted((member.folder / PREDICTIONS).glob(f"*{ending}"))
    }


def _outlined(
    name: str, item: Item, record: Mapping[Any, Any], answer: Path, sources: Sources
) -> PicturedCase:
    pixels = eight_bits(read_pixels(Path(item["image"]), name))
    masks = {
        "truth": read_values(Path(item["label"]), name) > 0,
        "prediction": read_values(answer, name) > 0,
    }
    fits = {style: mask for style, mask in masks.items() if mask.shape == pixels.shape[:2]}
    lesions, found = int(record["lesions"]), int(record["found_lesions"])
    if lesions:
        told = ("lesion found" if found else "lesion missed") if lesions == 1 else ""
        lines = [f"Dice {number(record['dice'])}", told or f"{found} of {lesions} lesions found"]
        alt = f"{name}: Dice {number(record['dice'])}; outlines of the truth and of the prediction"
    else:
        lines = ["no lesion", f"{int(record['predicted_area']):,} pixels predicted"]
        alt = f"{name}: no lesion; outline of the false finding"
    if not int(record["predicted_lesions"]):
        lines.append("nothing was predicted")
        alt += "; nothing was predicted"
    return PicturedCase(name, [*lines, str(record["class"])], [view(pixels, alt, fits)])


def _mapped(
    name: str, item: Item, record: Mapping[Any, Any], answer: Path, sources: Sources
) -> PicturedCase:
    assert sources.dataset is not None
    pixels = eight_bits(read_pixels(Path(item["image"]), name))
    colours = _colours(sources.dataset)
    dice = number(record["dice"])
    views: list[View] = [view(pixels, f"{name}: the image")]
    for path, words in ((Path(item["label"]), "true classes"), (answer, "predicted classes")):
        drawn = colours[np.minimum(read_values(path, name), len(colours) - 1)]
        views.append(view(drawn, f"{name}: {words}, mean Dice {dice}", exact=True))
    return PicturedCase(name, [f"mean Dice {dice}", "image, truth, prediction"], views)


def class_colours(dataset: Dataset) -> dict[str, str]:
    """Gives the colour of each class of a map, such as ``#ff0000``, by its name."""
    table = _colours(dataset)
    names = dataset.labels
    return {
        names[str(index)]: "#{:02x}{:02x}{:02x}".format(*table[index])
        for index in range(len(names))
    }


def _colours(dataset: Dataset) -> NDArray[np.uint8]:
    """Gives the colours of the classes: the data's own, else Okabe and Ito's."""
    own = dataset.colours or (
        *((0, 0, 0), (230, 159, 0), (86, 180, 233), (0, 158, 115)),
        *((240, 228, 66), (0, 114, 178), (213, 94, 0), (204, 121, 167)),
    )
    return np.array(own, dtype=np.uint8)
