"""The classes of a dataset, and whether each stands in every part of a fold."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import ignite.distributed as idist

from pipelines.datasets.dataset import Dataset, read
from pipelines.errors import InputError

_LOG = logging.getLogger("med2d")
WAY_OUT = (
    "give another --fold, or convert the raw folder again with fewer --folds or without that class"
)
"""What to do where a fold lacks a class."""

Items = Sequence[Mapping[str, Any]]


def class_labels(dataset_dir: str | Path) -> list[str]:
    """Read the class names of a dataset folder, in the order of their indices.

    Raises:
        InputError: the folder is no dataset, is one for another task, or has fewer than two
            classes.
    """
    return task_labels(dataset_dir, "classification")


def task_labels(dataset_dir: str | Path, task: str) -> list[str]:
    """Read the class names of a dataset folder for a task, in the order of their indices.

    Raises:
        InputError: the folder is no dataset, is one for another task, or has fewer than two
            classes.
    """
    dataset = read(dataset_dir)
    if dataset.task != task:
        raise InputError(
            f"{dataset_dir} is a dataset for {dataset.task}; this bundle does {task}. "
            f"Convert the raw folder with --task {task}"
        )
    return label_names(dataset)


def check_labels(labels: Any, dataset_dir: str | Path) -> None:
    """Check that the classes are those of the dataset, whose indices the labels of images are.

    Args:
        labels: the class names in the order of the network's answers.
        dataset_dir: the dataset folder.

    Raises:
        InputError: they are others, or stand in another order.
    """
    names = class_labels(dataset_dir)
    if labels != names:
        raise InputError(
            f"labels is {labels!r}; expected {names!r}, the classes of {dataset_dir} in the order "
            "of their indices: leave --labels out"
        )


def label_names(dataset: Dataset) -> list[str]:
    """Give the class names of a classification, in the order of their indices.

    Raises:
        InputError: there are fewer than two, or the indices are not 0, 1, 2, …
    """
    names = [dataset.labels.get(str(index)) for index in range(len(dataset.labels))]
    if len(names) < 2 or None in names:
        raise InputError(
            f"{dataset.folder} has the labels {dataset.labels}; expected two classes or more, "
            "counted 0, 1, 2, …; convert the raw folder again"
        )
    return [str(name) for name in names]


def check_classes(train: Items, validate: Items, score: Items, labels: Sequence[str]) -> None:
    """Check that the parts of a fold have images of every class.

    Args:
        train: items that train, with ``class`` and ``fold``.
        validate: items that choose the epoch.
        score: items that are scored; a class that they lack is warned about.
        labels: the class names.

    Raises:
        InputError: a class is missing from the part that trains or validates.
    """
    missing = _missing(train, labels)
    if missing:
        raise InputError(
            f"no image of the folds that train ({_folds(train)}) is {missing}, so that class "
            f"cannot be learned; {WAY_OUT}"
        )
    missing = _missing(validate, labels)
    if missing:
        raise InputError(
            f"no image of fold {_folds(validate)} is {missing}; it validates where fold "
            f"{_folds(score)} is scored, and could not tell a good epoch from a bad one; {WAY_OUT}"
        )
    missing = _missing(score, labels)
    if missing and idist.get_rank() == 0:
        _LOG.warning(
            f"no image of fold {_folds(score)}, which is scored, is {missing}: the scores of that "
            f"class will be empty, and balanced accuracy is over the others; {WAY_OUT}"
        )


def _missing(items: Items, labels: Sequence[str]) -> str:
    found = {item["class"] for item in items}
    return " or ".join(name for name in labels if name not in found)


def _folds(items: Items) -> str:
    return ", ".join(map(str, sorted({item["fold"] for item in items})))
