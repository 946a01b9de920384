"""The three parts that one fold makes of a dataset: what trains, what validates, what is scored."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import ignite.distributed as idist
from monai.data import partition_dataset

from pipelines.datasets.dataset import Dataset, Item, parts, read, verify
from pipelines.datasets.leaky import leaky_text
from pipelines.errors import InputError
from pipelines.training.channels import read_channels
from pipelines.training.class_parts import check_classes, label_names
from transforms.upright_reader import UprightReader

Items = list[dict[str, Any]]

_LOG = logging.getLogger("med2d")
_KEPT = ("id", "image", "label", "group", "fold", "class", "sha256", "width", "height")


def fold_parts(
    dataset_dir: str | Path,
    fold: int,
    task: str = "segmentation",
    check: Callable[[Items, Items, Items], None] | None = None,
) -> dict[str, list[dict[str, Any]]]:
    """Read a dataset folder and give the items of ``train``, ``validate`` and ``score``.

    Fold ``fold`` is scored, the next one validates, the others train. Where several processes
    run, each gets its share of ``validate`` and ``score``, no image twice; ``train`` is shared out
    by the sampler.

    Args:
        dataset_dir: a dataset folder.
        fold: the fold to be scored.
        task: what the bundle does.
        check: refuses parts that cannot be used, called with the items that train, validate and
            are scored; where not given, parts without a lesion, or without a class, are refused.

    Returns:
        Items with absolute ``image`` and ``label`` paths, ``id``, ``group``, ``fold``, ``class``,
        ``sha256``, ``width``, ``height``, ``flags`` and ``truth``, the label's path again, which is
        read at native resolution. Of a classification ``label`` and ``truth`` are the class index
        and ``class`` its name.

    Raises:
        InputError: the folder is no dataset, is one of another task, has no such fold, a file in
            it has changed since it was made, a group stands in two folds and nothing marks that as
            meant, or the part that trains or validates holds no lesion (of a classification: lacks
            a class).
    """
    dataset = read(dataset_dir)
    if dataset.task != task:
        raise InputError(
            f"{dataset_dir} is a dataset for {dataset.task}; this bundle does {task}. "
            f"Convert the raw folder with --task {task}"
        )
    train, validate, score = parts(dataset, fold)
    if dataset.leaky and idist.get_rank() == 0:
        _LOG.warning(leaky_text(dataset))
    verify(dataset)
    items = [part_items(dataset, part) for part in (train, validate, score)]
    if check is not None:
        check(*items)
    elif task == "segmentation":
        _check_lesions(dataset_dir, *items)
    else:
        train_items, validate_items, score_items = items
        check_classes(train_items, validate_items, score_items, label_names(dataset))
    return {
        "train": items[0],
        "validate": share_of_process(items[1]),
        "score": share_of_process(items[2]),
    }


def _check_lesions(dataset_dir: str | Path, train: Items, validate: Items, score: Items) -> None:
    way_out = "give another --fold, or convert the raw folder again with fewer --folds"
    trains, validates, scores = map(_has_lesion, (train, validate, score))
    if not (trains or validates or scores):
        raise InputError(
            f"no image of {dataset_dir} has a foreground pixel: every mask is empty, so there is "
            "nothing to learn. Look at them with med2d preview; convert the raw folder again if "
            "its masks are not, --map says what their values mean"
        )
    if not trains:
        raise InputError(
            f"no image of the folds that train ({_folds(train)}) has a lesion, so there is nothing "
            f"to learn; {way_out}"
        )
    if not validates:
        raise InputError(
            f"no image of fold {_folds(validate)} has a lesion; it validates where fold "
            f"{_folds(score)} is scored, and could not tell a good epoch from a bad one; {way_out}"
        )
    if not scores and idist.get_rank() == 0:
        _LOG.warning(
            f"no image of fold {_folds(score)}, which is scored, has a lesion: Dice and recall "
            f"will be empty; {way_out}"
        )


def _has_lesion(items: Items) -> bool:
    reader = UprightReader("indices")
    return any(reader.get_data(Path(item["truth"]))[0].any() for item in items)


def _folds(items: Items) -> str:
    return ", ".join(map(str, sorted({item["fold"] for item in items})))


def part_items(dataset: Dataset, items: Sequence[Item]) -> list[dict[str, Any]]:
    """Give the items of a dataset as the preprocessing takes them; see ``fold_parts``.

    Args:
        dataset: the dataset.
        items: some of its items; those of the part ``testing`` are in no fold.
    """
    return [_item(dataset, item) for item in items]


def _item(dataset: Dataset, item: Item) -> dict[str, Any]:
    resolved = dataset.resolved(item)
    kept = {key: resolved[key] for key in _KEPT if key in resolved}
    if dataset.task == "classification":
        kept["class"] = dataset.labels[str(item["label"])]
    return {**kept, "flags": resolved.get("flags", ""), "truth": resolved["label"]}


def share_of_process(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give this process's share of images that are scored, none twice; all of them to a single one.

    Raises:
        InputError: there are fewer images than processes.
    """
    processes = idist.get_world_size()
    if processes == 1:
        return items
    if len(items) < processes:
        raise InputError(f"the part has {len(items)} images for {processes} processes; use fewer")
    return partition_dataset(items, num_partitions=processes, even_divisible=False)[
        idist.get_rank()
    ]


def cache_count(
    items: int,
    image_size: int,
    gigabytes: float,
    preprocessing: Callable[[dict[str, Any]], Any] | None = None,
) -> int:
    """How many decoded pairs of image and mask fit into ``gigabytes``; the others are read anew.

    Args:
        items: pairs in the part.
        image_size: side of the square input in pixels.
        gigabytes: memory for the cache, in 10^9 bytes.
        preprocessing: what makes the images; where not given, or where it does not tell their
            channels, they are grey.
    """
    channels = 1 if preprocessing is None else read_channels(preprocessing) or 1
    pair = (channels + 1) * 4 * image_size**2  # image and mask, float32
    return max(0, min(items, int(gigabytes * 1e9 / pair)))
