"""The parts of a fold for maps of several classes: names, colours, masks that can be learned."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import ignite.distributed as idist
import numpy as np

from pipelines.datasets.dataset import is_colours, read
from pipelines.errors import InputError
from pipelines.preview.colours import BLACK, class_colours
from pipelines.training.class_parts import WAY_OUT, task_labels
from pipelines.training.parts import fold_parts
from transforms.upright_reader import UprightReader

_LOG = logging.getLogger("med2d")
_NAMED = 10

Items = Sequence[Mapping[str, Any]]


def map_labels(dataset_dir: str | Path) -> list[str]:
    """Reads the class names of a dataset folder, in the order of their indices.

    Raises:
        InputError: the folder is no dataset, is one for another task, or has fewer than two
            classes.
    """
    return task_labels(dataset_dir, "segmentation")


def map_colours(dataset_dir: str | Path) -> list[list[int]]:
    """Gives the colour (red, green, blue) of each class: those of the data, else ours.

    Without colours of the data the background is black, and the classes have those of ``med2d
    preview``.
    """
    dataset = read(dataset_dir)
    if len(dataset.colours) == len(dataset.labels):
        return [list(colour) for colour in dataset.colours]
    ours = {0: BLACK, **class_colours(dataset)}
    return [list(ours[index]) for index in range(len(dataset.labels))]


def check_classes(labels: Any, colours: Any, dataset_dir: str | Path) -> None:
    """Checks that classes and colours fit the dataset, whose indices the masks hold.

    Args:
        labels: the class names in the order of the network's answers.
        colours: red, green and blue of each.
        dataset_dir: the dataset folder.

    Raises:
        InputError: the names are others, or in another order; or there is not a colour for each.
    """
    names = map_labels(dataset_dir)
    if labels != names:
        raise InputError(
            f"labels is {labels!r}; expected {names!r}, the classes of {dataset_dir} in the order "
            "of their indices: leave --labels out"
        )
    if not is_colours(colours) or len(colours) != len(names):
        raise InputError(
            f"colours is {colours!r}; expected red, green and blue from 0 to 255 for each of the "
            f"{len(names)} classes, as [[0, 0, 0], …]; or leave --colours out"
        )


def map_parts(dataset_dir: str | Path, fold: int, smallest: int) -> dict[str, list[dict[str, Any]]]:
    """Reads a dataset folder and gives the items of ``train``, ``validate`` and ``score``.

    Args:
        dataset_dir: a dataset folder.
        fold: the fold to be scored.
        smallest: least side of an image in pixels.

    Returns:
        What ``fold_parts`` gives.

    Raises:
        InputError: as ``fold_parts``; an image is smaller; a mask holds an index without a class;
            or a class is missing from what trains.
    """
    dataset = read(dataset_dir)
    labels = map_labels(dataset_dir)
    small = [
        f"{item['image']} ({item['width']} x {item['height']})"
        for item in dataset.items
        if min(item["width"], item["height"]) < smallest
    ]
    if small:
        raise InputError(f"{dataset_dir}: {_too_small(small, smallest)}")

    def check(train: Items, validate: Items, score: Items) -> None:
        _check_classes(dataset_dir, train, validate, score, labels)

    return fold_parts(dataset_dir, fold, "segmentation", check)


def _too_small(names: Sequence[str], smallest: int) -> str:
    shown = ", ".join(names[:_NAMED])
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return (
        f"{len(names)} of the images are smaller than {smallest} pixels a side, the least that "
        f"this bundle takes: {shown}{more}; take them out, or scan them finer"
    )


def map_cache_count(items: Items, gigabytes: float) -> int:
    """Counts the decoded images, each of its own size, that fit into ``gigabytes`` with masks.

    Args:
        items: the items of a part, with ``width`` and ``height``.
        gigabytes: memory for the cache, in 10^9 bytes.
    """
    pixels = np.cumsum([item["width"] * item["height"] for item in items])
    needed = 5 * 4 * pixels  # three channels, the mask and, to be scored, the mask again; float32
    return int(np.searchsorted(needed, gigabytes * 1e9, side="right"))


def _check_classes(
    dataset_dir: str | Path, train: Items, validate: Items, score: Items, labels: Sequence[str]
) -> None:
    found = [_classes_in(items, labels) for items in (train, validate, score)]
    tissue = set(range(1, len(labels)))
    if not set.union(*found) & tissue:
        raise InputError(
            f"no image of {dataset_dir} has a foreground pixel: every mask is all {labels[0]}, so "
            "there is nothing to learn. Look at them with med2d preview; convert the raw folder "
            "again if its masks are not, --map or --colour says what their values mean"
        )
    if not found[0] & tissue:
        raise InputError(
            f"every mask of the folds that train ({_folds(train)}) is all {labels[0]}, so there is "
            f"nothing to learn; {WAY_OUT}"
        )
    missing = _names(tissue - found[0], labels)
    if missing:
        raise InputError(
            f"no mask of the folds that train ({_folds(train)}) holds {missing}, so that class "
            f"cannot be learned; {WAY_OUT}"
        )
    if not found[1] & tissue:
        raise InputError(
            f"every mask of fold {_folds(validate)} is all {labels[0]}; it validates where fold "
            f"{_folds(score)} is scored, and could not tell a good epoch from a bad one; {WAY_OUT}"
        )
    for items, held, what in ((validate, found[1], "validates"), (score, found[2], "is scored")):
        missing = _names(tissue - held, labels)
        if missing and idist.get_rank() == 0:
            _LOG.warning(
                f"no mask of fold {_folds(items)}, which {what}, holds {missing}: its scores will "
                f"be empty there, and the means are over the other classes; {WAY_OUT}"
            )


def _classes_in(items: Items, labels: Sequence[str]) -> set[int]:
    """Gives the class indices in the masks; refuses one without a class."""
    reader = UprightReader("indices")
    found: set[int] = set()
    for item in items:
        held = set(np.unique(reader.get_data(Path(item["truth"]))[0]).tolist())
        unknown = sorted(held - set(range(len(labels))))
        if unknown:
            raise InputError(
                f"mask {item['truth']} holds the class index {unknown[0]}; the classes are "
                + ", ".join(f"{index} {name}" for index, name in enumerate(labels))
                + ". Convert the raw folder again and name all classes by --classes"
            )
        found |= held
    return found


def _names(indices: set[int], labels: Sequence[str]) -> str:
    return " or ".join(labels[index] for index in sorted(indices))


def _folds(items: Items) -> str:
    return ", ".join(map(str, sorted({item["fold"] for item in items})))
