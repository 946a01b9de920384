from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from typing import Any

import pytest

from pipelines.datasets.dataset import Dataset, read
from pipelines.datasets.dataset_difference import (
    changed_files,
    differences,
    recorded_content,
)


@pytest.fixture(scope="module")
def dataset(busi_dataset: Path) -> Dataset:
    return read(busi_dataset)


def changed(dataset: Dataset, number: int, **values: Any) -> Dataset:
    items = list(dataset.items)
    items[number] = {**items[number], **values}
    return dataclasses.replace(dataset, items=tuple(items))


def test_nothing_differs_from_itself(dataset: Dataset) -> None:
    before = recorded_content(dataset)
    assert differences(before, dataset) == []
    assert changed_files(before, dataset.folder) == []


def test_changed_items_are_named_with_their_keys(dataset: Dataset) -> None:
    before, first = recorded_content(dataset), dataset.items[0]["image"]
    now = changed(dataset, 0, fold=9, sha256="other", colour="blue")
    assert differences(before, now) == [f"{first}: fold, sha256, colour"]


def test_items_that_went_or_came_are_named(dataset: Dataset) -> None:
    before, first = recorded_content(dataset), dataset.items[0]["image"]
    fewer = dataclasses.replace(dataset, items=dataset.items[1:])
    assert differences(before, fewer) == [f"{first} is gone"]
    assert differences(recorded_content(fewer), dataset) == [f"{first} is new"]
    moved = dataclasses.replace(fewer, testing=dataset.items[:1])
    assert differences(before, moved) == [f"{first} is gone", f"{first} is new"]


def test_another_order_is_a_difference(dataset: Dataset) -> None:
    turned = dataclasses.replace(dataset, items=dataset.items[::-1])
    assert differences(recorded_content(dataset), turned) == ["the order of the images"]


def test_what_all_images_share_is_named(dataset: Dataset) -> None:
    other = dataclasses.replace(dataset, channels=3, source={"leaky": True})
    assert differences(recorded_content(dataset), other) == [
        "channels was 1, is 3",
        "leaky was False, is True",
    ]


def test_files_that_changed_or_went_are_named(dataset: Dataset, tmp_path: Path) -> None:
    shutil.copytree(dataset.folder, tmp_path / "copy")
    image, mask, gone = (
        dataset.items[0]["image"],
        dataset.items[1]["label"],
        dataset.items[2]["image"],
    )
    for name in (image, mask):
        path = tmp_path / "copy" / name
        path.write_bytes(path.read_bytes() + b"\0")
    (tmp_path / "copy" / gone).unlink()
    assert changed_files(recorded_content(dataset), tmp_path / "copy") == [image, mask, gone]
