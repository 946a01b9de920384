"""The three parts that one fold makes of a dataset: what trains, what validates, what is scored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ignite.distributed as idist
from monai.data import partition_dataset

from pipelines.datasets.dataset import Dataset, parts, read, verify
from pipelines.errors import InputError

_KEPT = ("id", "image", "label", "group", "fold", "class")


def fold_parts(
    dataset_dir: str | Path, fold: int, task: str = "segmentation"
) -> dict[str, list[dict[str, Any]]]:
    """Read a dataset folder and give the items of ``train``, ``validate`` and ``score``.

    Fold ``fold`` is scored, the next one validates, the others train. Where several processes
    run, each gets its share of ``validate`` and ``score``, no image twice; ``train`` is shared out
    by the sampler.

    Args:
        dataset_dir: a dataset folder.
        fold: the fold to be scored.
        task: what the bundle does.

    Returns:
        Items with absolute ``image`` and ``label`` paths, ``id``, ``group``, ``fold``, ``class``,
        and ``truth``, the label's path again, which is read at native resolution.

    Raises:
        InputError: the folder is no dataset, is one of another task, has no such fold, or a file
            in it has changed since it was made.
    """
    dataset = read(dataset_dir)
    if dataset.task != task:
        raise InputError(
            f"{dataset_dir} is a dataset for {dataset.task}; this bundle does {task}. "
            f"Convert the raw folder with --task {task}"
        )
    train, validate, score = parts(dataset, fold)
    verify(dataset)
    return {
        "train": [_item(dataset, item) for item in train],
        "validate": _share([_item(dataset, item) for item in validate]),
        "score": _share([_item(dataset, item) for item in score]),
    }


def _item(dataset: Dataset, item: dict[str, Any]) -> dict[str, Any]:
    resolved = dataset.resolved(item)
    return {**{key: resolved[key] for key in _KEPT}, "truth": resolved["label"]}


def _share(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    processes = idist.get_world_size()
    if processes == 1:
        return items
    if len(items) < processes:
        raise InputError(f"a fold has {len(items)} images for {processes} processes; use fewer")
    return partition_dataset(items, num_partitions=processes, even_divisible=False)[
        idist.get_rank()
    ]


def cache_count(items: int, image_size: int, gigabytes: float) -> int:
    """How many decoded pairs of image and mask fit into ``gigabytes``; the others are read anew.

    Args:
        items: pairs in the part.
        image_size: side of the square input in pixels.
        gigabytes: memory for the cache, in 10^9 bytes.
    """
    pair = 2 * 4 * image_size**2  # image and mask, float32
    return max(0, min(items, int(gigabytes * 1e9 / pair)))
