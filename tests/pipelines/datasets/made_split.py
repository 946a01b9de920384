"""Datasets to divide: items with groups, classes and columns, with or without their files."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipelines.datasets.dataset import Dataset, Item, write


def make_item(number: int, name: str, group: str, **columns: Any) -> Item:
    """Makes an entry without a fold; its image is a file whose content is its path."""
    image = f"images/{name}_{number + 1:04d}.png"
    return {
        "image": image,
        "label": {"a": 0, "b": 1, "c": 2}[name],
        "class": name,
        "group": group,
        "source": f"raw/{number}.png",
        "sha256": hashlib.sha256(image.encode()).hexdigest(),
        "width": 5,
        "height": 4,
        **columns,
    }


def make_items(groups: Sequence[tuple[str, int]], **columns: Sequence[Any]) -> list[Item]:
    """Makes the entries of groups of a class and a size; columns hold a value for each group."""
    items = []
    for number, (name, size) in enumerate(groups):
        values = {key: each[number] for key, each in columns.items() if each[number] is not None}
        for _ in range(size):
            items.append(make_item(len(items), name, f"g{number + 1:04d}", **values))
    return items


def make_dataset(
    items: Sequence[Item], folder: Path = Path("/d"), testing: Sequence[Item] = (), folds: int = 3
) -> Dataset:
    """Makes a classification dataset; items without a fold get one by their group's number."""
    given = [{"fold": int(item["group"][1:]) % folds, **item} for item in items]
    return Dataset(
        folder=folder,
        name="made",
        task="classification",
        modality={"0": "US"},
        labels={"0": "a", "1": "b", "2": "c"},
        licence="",
        reference="",
        channels=1,
        source={"layout": "made", "grouping": "patient ids of the data", "seed": 0, "folds": folds},
        items=tuple(given),
        testing=tuple(testing),
    )


def write_dataset(dataset: Dataset) -> Dataset:
    """Writes the folder of a dataset with its files."""
    for item in (*dataset.items, *dataset.testing):
        path = dataset.folder / item["image"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(item["image"])
    write(dataset)
    return dataset


GROUPS = [("a", 1 + n % 3) for n in range(14)] + [("b", 1 + n % 2) for n in range(8)]
"""A usual small set: two classes, groups of one to three images."""


def quiet(line: str) -> None:
    """Takes the lines for a person."""
