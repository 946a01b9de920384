"""How a dataset differs from what a run has recorded of it: by image and by key."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipelines.datasets.dataset import LEAKY, Dataset
from pipelines.file_hash import sha256_of
from pipelines.progress import counting

_WHOLE = ("task", "labels", "channels", LEAKY)
_PARTS = ("training", "testing")


def recorded_content(dataset: Dataset) -> dict[str, Any]:
    """What a model can learn from a dataset, as a run records it: what ``digest`` covers.

    Args:
        dataset: the dataset.

    Returns:
        ``task``, ``labels``, ``channels``, ``leaky``, and the items of ``training`` and ``testing``
        as they stand in dataset.json.
    """
    return {
        "task": dataset.task,
        "labels": dataset.labels,
        "channels": dataset.channels,
        LEAKY: dataset.leaky,
        "training": list(dataset.items),
        "testing": list(dataset.testing),
    }


def differences(before: Mapping[str, Any], dataset: Dataset) -> list[str]:
    """Names what differs between a recorded dataset and one of now, a line each.

    Args:
        before: what ``recorded_content`` gave.
        dataset: the dataset of now.

    Returns:
        Lines such as ``images/benign_0001.png: fold, sha256``; none where nothing differs.
    """
    now = recorded_content(dataset)
    whole = [f"{key} was {before[key]}, is {now[key]}" for key in _WHOLE if before[key] != now[key]]
    items = [line for part in _PARTS for line in _item_lines(before[part], now[part])]
    return whole + items


def changed_files(before: Mapping[str, Any], folder: Path) -> list[str]:
    """Compares the files of the images that train, choose or are scored with their hashes.

    The part for testing is left alone: a training never reads it.

    Args:
        before: what ``recorded_content`` gave.
        folder: the dataset folder.

    Returns:
        The paths, relative to the folder, of the images and masks that are gone or whose content
        is another.
    """
    found: list[str] = []
    with counting("verifying") as report:
        for done, item in enumerate(before["training"], start=1):
            for key, hashed in (("image", "sha256"), ("label", "label_sha256")):
                if hashed in item and not _is_same(folder / item[key], item[hashed]):
                    found.append(item[key])
            report(done, len(before["training"]))
    return found


def _is_same(path: Path, sha256: str) -> bool:
    return path.is_file() and sha256_of(path) == sha256


def _item_lines(before: list[dict[str, Any]], now: list[dict[str, Any]]) -> list[str]:
    old, new = ({item["image"]: item for item in items} for items in (before, now))
    gone = [f"{image} is gone" for image in old if image not in new]
    added = [f"{image} is new" for image in new if image not in old]
    changed = [
        f"{image}: {', '.join(keys)}"
        for image in old
        if image in new and (keys := _changed_keys(old[image], new[image]))
    ]
    if not (gone or added or changed) and list(old) != list(new):
        return ["the order of the images"]
    return gone + added + changed


def _changed_keys(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    return [key for key in {**before, **now} if before.get(key) != now.get(key)]
