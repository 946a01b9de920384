"""The operating point of a package: what the training chose, or what its validation folds choose.

No image that a model is scored by chooses anything. Of several runs that answer together each
chooses on its own validation fold, by its own model, and the median of their thresholds is taken,
as ``least_share`` does: all images of a cross-validation have trained some of its models.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.datasets.dataset import Dataset, Item, parts
from pipelines.deployment.array_answerer import Answer, ArrayAnswerer
from pipelines.deployment.packaging.packaged_run import PackagedRun
from pipelines.deployment.read_picture import read_picture
from pipelines.errors import InputError
from pipelines.evaluation.case_files import read_case_files
from pipelines.evaluation.classification import PREFIX
from pipelines.evaluation.group_intervals import IntervalOptions, score_entries
from pipelines.evaluation.operating_point import (
    SENSITIVITY,
    SPECIFICITY,
    chosen_threshold,
    operating_point_statistics,
)
from pipelines.progress import counting
from pipelines.report.sources import CLASSES, MAPS
from pipelines.training.run_folder import recorded
from transforms.upright_reader import UprightReader

KIND = "kind"
GATE, CLASS_THRESHOLD, PIXEL_THRESHOLD, MOST_PROBABLE = (
    "gate",
    "class threshold",
    "pixel threshold",
    "most probable class",
)
"""Kinds of operating points."""

THRESHOLDS = tuple(round(0.05 * k, 2) for k in range(1, 20))
"""Thresholds of a pixel's probability that are tried."""


class Wanted(NamedTuple):
    """What the user asks for; at most one of them.

    Attributes:
        sensitivity: least sensitivity for ``label``.
        specificity: least specificity for ``label``.
        label: the class that a threshold is for.
        best_dice: whether the threshold of pixels is chosen, by Dice.
        most_probable: whether it is enough that the most probable class is answered.
    """

    sensitivity: float | None = None
    specificity: float | None = None
    label: str | None = None
    best_dice: bool = False
    most_probable: bool = False


def operating_point(run: PackagedRun, wanted: Wanted) -> dict[str, Any] | None:
    """Gives the operating point, for JSON; None where there is none.

    Args:
        run: what is packaged.
        wanted: what the user asks for.

    Raises:
        InputError: what is asked for does not fit the task, contradicts itself, or cannot be
            chosen: the dataset is not at hand, or the validation fold holds no such case.
    """
    asked = _asked(wanted)
    gates = [member.files.get("operating_point") for member in run.sources.members]
    task = run.sources.task
    if task == MAPS:
        _refuse(asked, "is of several classes: its answer is the most probable class of each pixel")
        return {KIND: MOST_PROBABLE}
    if all(gates):
        _refuse(asked, "has the gate that its training chose on the validation fold")
        return _gate(run, [gate for gate in gates if gate])
    if task == CLASSES:
        return _of_classes(run, wanted, asked)
    if asked not in ("", "--best-dice"):
        raise InputError(f"{run.sources.name} draws masks; expected --best-dice, not {asked}")
    return _best_dice(run) if asked else None


def _asked(wanted: Wanted) -> str:
    """The option that was given; "" for none."""
    options = {
        "--sensitivity": wanted.sensitivity is not None,
        "--specificity": wanted.specificity is not None,
        "--best-dice": wanted.best_dice,
        "--most-probable": wanted.most_probable,
    }
    given = [name for name, is_given in options.items() if is_given]
    if len(given) > 1:
        raise InputError(f"{' and '.join(given)} are given; a package has one operating point")
    of_class = given and given[0] in ("--sensitivity", "--specificity")
    if bool(of_class) != (wanted.label is not None):
        raise InputError("--sensitivity or --specificity needs --class, and --class one of them")
    return given[0] if given else ""


def _refuse(asked: str, why: str) -> None:
    if asked:
        raise InputError(f"{asked}: the model {why}; leave the option out")


def _gate(run: PackagedRun, gates: list[Mapping[str, Any]]) -> dict[str, Any]:
    told = ("wanted_sensitivity", "gate", "least_share", "sensitivity", "false_positive_rate")
    return {
        KIND: GATE,
        "threshold": run.inference.get("threshold"),
        "chosen_on": _chosen_on(run),
        "runs": [{name: gate.get(name) for name in (*told, "lesions")} for gate in gates],
    }


def _of_classes(run: PackagedRun, wanted: Wanted, asked: str) -> dict[str, Any] | None:
    if asked == "--best-dice":
        raise InputError(
            f"--best-dice is of masks, and {run.sources.name} answers classes; expected "
            "--sensitivity or --specificity with --class, or --most-probable"
        )
    if wanted.most_probable:
        return {KIND: MOST_PROBABLE}
    if wanted.label is None:
        return None
    labels = [str(label) for label in run.inference["labels"]]
    if wanted.label not in labels:
        raise InputError(f"--class {wanted.label}: the classes are {', '.join(labels)}")
    least = wanted.sensitivity if asked == "--sensitivity" else wanted.specificity
    target = SENSITIVITY if asked == "--sensitivity" else SPECIFICITY
    return _class_threshold(run, wanted.label, target, float(least or 0))


def _class_threshold(run: PackagedRun, label: str, target: str, least: float) -> dict[str, Any]:
    chosen = [_chosen_by(folder, run, label, target, least) for folder in run.runs]
    threshold = median(each["threshold"] for each in chosen)
    return {
        KIND: CLASS_THRESHOLD,
        "class": label,
        "threshold": threshold,
        "target": target,
        "least": least,
        "chosen_on": _chosen_on(run),
        "runs": chosen,
        "scores": _scored(run, label, [each["threshold"] for each in chosen]),
    }


def _chosen_by(
    folder: Path, run: PackagedRun, label: str, target: str, least: float
) -> dict[str, Any]:
    """Chooses a threshold by a run's validation fold."""
    dataset, answerer = _dataset(run), ArrayAnswerer(folder)
    place = answerer.labels.index(label)
    answered = list(_answers(answerer, dataset, folder))
    probabilities = np.array([answer.probabilities[place] for _, answer in answered], dtype=float)
    positive = np.array([item["class"] == label for item, _ in answered])
    try:
        threshold = _midway(chosen_threshold(probabilities, positive, target, least), probabilities)
    except ValueError as error:
        raise InputError(
            f"--{target} for {label}: {error} on the validation fold of {folder}"
        ) from None
    called = probabilities >= threshold
    return {
        "run": folder.name,
        "threshold": threshold,
        "images": len(called),
        SENSITIVITY: float(called[positive].mean()) if positive.any() else None,
        SPECIFICITY: float(1 - called[~positive].mean()) if (~positive).any() else None,
    }


def _midway(threshold: float, probabilities: NDArray[np.float64]) -> float:
    """The middle between a threshold and the next lower probability: another format of the model
    may answer the image at the threshold by a little less.

    Raises:
        ValueError: only a threshold of 0, or above 1, calls the same images.
    """
    lower = np.append(probabilities[probabilities < threshold], 0.0).max()
    upper = min(threshold, 1.0) if (probabilities >= threshold).any() else 1.0
    between = float((lower + upper) / 2)
    if ((probabilities >= between) != (probabilities >= threshold)).any():
        between = threshold  # two probabilities with no number between them
    if not 0 < between <= 1:
        where = "above 1" if between > 1 else "of 0"
        raise ValueError(f"only a threshold {where} reaches it, as answers are 0 or 1 exactly,")
    return between


def _scored(run: PackagedRun, label: str, thresholds: list[float]) -> dict[str, Any]:
    """Scores the images of each run at its own threshold; those of its ensemble have none unseen.

    Runs of further seeds score the same images again, and are left out.
    """
    tables = []
    for member in run.sources.members:
        place = [folder.name for folder in run.runs].index(member.name) if len(run.runs) > 1 else 0
        table = read_case_files([member.folder]).table
        above = table[PREFIX + label].to_numpy(dtype=float) - thresholds[place]
        tables.append(pd.DataFrame({**_columns(table), "above": above}))
    cases = pd.concat(tables, ignore_index=True)
    statistics = operating_point_statistics(
        cases["above"].to_numpy(),
        (cases["class"] == label).to_numpy(),
        cases["group"].to_numpy(dtype=str),
        0.0,
    )
    entries = score_entries(statistics, IntervalOptions())
    return {quantity.score: entry for quantity, entry in entries}


def _columns(table: pd.DataFrame) -> dict[str, Any]:
    return {name: table[name].astype(str).to_numpy() for name in ("class", "group")}


def _best_dice(run: PackagedRun) -> dict[str, Any]:
    chosen = [_dice_by(folder, run) for folder in run.runs]
    return {
        KIND: PIXEL_THRESHOLD,
        "threshold": median(each["threshold"] for each in chosen),
        "target": "mean Dice of images with a lesion",
        "scored_at": run.inference.get("threshold"),
        "chosen_on": _chosen_on(run),
        "runs": chosen,
    }


def _dice_by(folder: Path, run: PackagedRun) -> dict[str, Any]:
    """Chooses the threshold of pixels by a run's validation fold; of equals the nearest to 0.5."""
    dataset = _dataset(run)
    reader = UprightReader("indices")
    rows = []
    for item, answer in _answers(ArrayAnswerer(folder), dataset, folder):
        truth = reader.get_data(Path(dataset.resolved(item)["label"]))[0] > 0
        if truth.any():
            rows.append([_dice(answer.probabilities[0] >= each, truth) for each in THRESHOLDS])
    if not rows:
        raise InputError(f"--best-dice: the validation fold of {folder} has no lesion")
    means = np.mean(rows, axis=0)
    best = max(range(len(means)), key=lambda k: (means[k], -abs(THRESHOLDS[k] - 0.5)))
    return {
        "run": folder.name,
        "threshold": THRESHOLDS[best],
        "dice": float(means[best]),
        "images": len(rows),
    }


def _dice(drawn: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    return float(2 * (drawn & truth).sum() / (drawn.sum() + truth.sum()))


def _chosen_on(run: PackagedRun) -> str:
    if len(run.runs) == 1:
        return "the validation fold"
    return f"the validation folds of {len(run.runs)} runs, each for itself"


def _dataset(run: PackagedRun) -> Dataset:
    if run.sources.dataset is None:
        raise InputError(
            f"an operating point is chosen on the validation fold, and {run.sources.absence}"
        )
    return run.sources.dataset


def _answers(
    answerer: ArrayAnswerer, dataset: Dataset, folder: Path
) -> Iterator[tuple[Item, Answer]]:
    """Answers the validation fold of a run by its model."""
    items = parts(dataset, recorded(folder)["fold"])[1]
    with counting("answering the validation fold") as report:
        for done, item in enumerate(items, 1):
            path = Path(dataset.resolved(item)["image"])
            named = {**item, "class": _class(dataset, item)}
            yield named, answerer.answer(read_picture(path, answerer.channels), path.name)
            report(done, len(items))


def _class(dataset: Dataset, item: Item) -> str:
    if dataset.task == "classification":
        return str(dataset.labels[str(item["label"])])
    return str(item.get("class", ""))
