"""Whether the weights that are packaged were scored: they answer some of the cases again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from pipelines.datasets.dataset import Dataset, Item
from pipelines.deployment.array_answerer import CLASSIFICATION, Answer, ArrayAnswerer
from pipelines.deployment.packaging.packaged_run import PackagedRun
from pipelines.deployment.read_picture import read_picture
from pipelines.errors import InputError
from pipelines.evaluation.case_files import CASES_FILE, read_case_files
from pipelines.evaluation.class_maps import pixel_confusion, pixels_column
from pipelines.evaluation.classification import PREFIX
from pipelines.report.sources import CLASSES, CROSSVAL
from pipelines.training.run_folder import MODEL
from transforms.upright_reader import UprightReader

CASES = 8
"""Cases of each run that are answered again."""

TOLERANCE = 0.005
"""Largest difference of a probability. On the machine that scored there is none at all; a GPU that
multiplies with the eleven bits of TF32 moves a logit of 10 by some 0.005."""

PIXELS, LEAST_PIXELS = 0.01, 10
"""Share of the pixels in answer or annotation that may differ, and how many always may."""

_COUNTS = (("tn", "fp"), ("fn", "tp"))  # by annotation, then by answer


class Difference(NamedTuple):
    """How far an answer is from what was scored.

    Attributes:
        case: the image's id.
        amount: of a probability, or in pixels.
        allowed: at most.
    """

    case: str
    amount: float
    allowed: float


def check_scored_weights(run: PackagedRun) -> dict[str, Any]:
    """Lets the models of a run answer some of the images that they were scored by.

    Args:
        run: what is packaged.

    Returns:
        How many ``cases`` were answered again, and by how much at most a probability, or how many
        pixels of a mask, differ; of no case, the ``reason``.

    Raises:
        InputError: a model answers otherwise than its ``cases.csv`` says, or the ensemble holds
            other weights than its runs.
    """
    if run.sources.kind == CROSSVAL:
        _check_ensemble(run)
    if run.sources.dataset is None:
        return {"cases": 0, "reason": run.sources.absence}
    found: list[Difference] = []
    for folder in run.runs:
        answered = list(_differences(folder, run.sources.dataset))
        _check(answered, folder, run.sources.task)
        found += answered
    if not found:
        return {"cases": 0, "reason": "The dataset holds none of the scored images."}
    unit = "probability" if run.sources.task == CLASSES else "pixels"
    largest = max(each.amount for each in found)
    return {"cases": len(found), "largest_difference": largest, "unit": unit}


def _check(found: list[Difference], folder: Path, task: str) -> None:
    wrong = [each for each in found if not each.amount <= each.allowed]  # also NaN
    if not wrong:
        return
    case, amount, allowed = wrong[0]
    unit = "in a probability" if task == CLASSES else "pixels"
    raise InputError(
        f"{folder / MODEL} is not what was scored: it answers {len(wrong)} of {len(found)} images "
        f"otherwise than {CASES_FILE} says, {case} by {amount:.3g} {unit} (allowed {allowed:.3g}). "
        "Put the weights back that were scored, or score these by evaluate.json"
    )


def _check_ensemble(run: PackagedRun) -> None:
    """Refuses an ensemble of other weights than those of its runs, which were scored."""
    together = _weights(run.folder)
    for place, folder in enumerate(run.runs):
        for name, own in _weights(folder).items():
            other = together.get(f"members.{place}.{name}")
            if other is None or not torch.equal(own, other):
                raise InputError(
                    f"{run.folder / MODEL} does not hold the weights of {folder / MODEL}, which "
                    "were scored; give the command of the cross-validation again, or package one "
                    "of its runs"
                )


def _weights(folder: Path) -> dict[str, torch.Tensor]:
    path = folder / MODEL
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # whatever a damaged file raises
        raise InputError(f"{path} cannot be read as weights; train again, or restore it") from error


def _differences(folder: Path, dataset: Dataset) -> Iterator[Difference]:
    """Answers cases of a run that are spread evenly over its table."""
    items = {full["id"]: full for full in map(dataset.resolved, (*dataset.items, *dataset.testing))}
    table = read_case_files([folder]).table
    known = table[table["id"].isin(list(items))].reset_index(drop=True)
    places = sorted({k * len(known) // CASES for k in range(CASES)}) if len(known) else []
    answerer = ArrayAnswerer(folder)
    for place in places:
        row = known.iloc[place]
        item = items[str(row["id"])]
        path = Path(item["image"])
        answer = answerer.answer(read_picture(path, answerer.channels), path.name)
        yield _difference(row, item, answer, answerer)


def _difference(
    row: pd.Series[Any], item: Item, answer: Answer, answerer: ArrayAnswerer
) -> Difference:
    if answerer.task == CLASSIFICATION:
        told = row[[PREFIX + label for label in answerer.labels]].to_numpy(dtype=float)
        return Difference(item["id"], float(np.abs(told - answer.probabilities).max()), TOLERANCE)
    assert answer.mask is not None  # of a segmentation
    truth = UprightReader("indices").get_data(Path(item["label"]))[0]
    told, now = _pixels(row, answer.mask, truth, answerer.labels)
    inside = max(told.sum() - told[0, 0], now.sum() - now[0, 0])
    moved = np.abs(told - now).sum() / 2
    return Difference(item["id"], float(moved), max(LEAST_PIXELS, PIXELS * float(inside)))


def _pixels(
    row: pd.Series[Any], mask: NDArray[Any], truth: NDArray[Any], labels: list[str]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The pixels of each class of the annotation by those of the answer: as told, and now."""
    if "tp" in row:
        names: list[list[str]] = [list(each) for each in _COUNTS]
        mask, truth = mask > 0, truth > 0
    else:
        names = [[pixels_column(true, other) for other in labels] for true in labels]
    told = np.array([[float(row[name]) for name in each] for each in names])
    now = pixel_confusion(mask.astype(np.int64), truth.astype(np.int64), len(names))
    return told, now.astype(np.float64)
