"""Class maps that nothing can be learned from, or that hold more than the table, are named."""

import json
import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pipelines.datasets.dataset import digest, read
from pipelines.errors import InputError
from pipelines.training.class_map_parts import (
    map_cache_count,
    map_colours,
    map_labels,
    map_parts,
)

LABELS = {"0": "background", "1": "stroma", "2": "necrosis"}
Make = Callable[..., Path]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Makes a dataset of an image in each of three folds; ``masks`` are their classes."""

    def made(masks: list[tuple[int, ...]], size: tuple[int, int] = (20, 16), **more: Any) -> Path:
        import hashlib

        folder = tmp_path / "data"
        items = []
        for number, classes in enumerate(masks):
            mask = np.resize(np.array(classes, dtype=np.uint8), size)
            paths = {}
            for part, pixels in (
                ("images", np.full((*size, 3), number, np.uint8)),
                ("masks", mask),
            ):
                (folder / part).mkdir(parents=True, exist_ok=True)
                path = folder / part / f"{number}.png"
                Image.fromarray(pixels).save(path)
                paths[part] = hashlib.sha256(path.read_bytes()).hexdigest()
            items.append(
                {
                    "image": f"images/{number}.png",
                    "label": f"masks/{number}.png",
                    "class": "image",
                    "group": f"g{number}",
                    "fold": number,
                    "source": f"raw/{number}.png",
                    "sha256": paths["images"],
                    "label_sha256": paths["masks"],
                    "width": size[1],
                    "height": size[0],
                }
            )
        content = {
            "name": "made",
            "task": "segmentation",
            "modality": {"0": "SM"},
            "labels": LABELS,
            "licence": "",
            "reference": "",
            "channels": 3,
            "source": {},
            "training": items,
            **more,
        }
        (folder / "dataset.json").write_text(json.dumps(content), encoding="utf-8")
        return folder

    return made


def test_the_parts_are_those_of_the_fold(make: Make) -> None:
    folder = make([(0, 1, 2)] * 3)
    parts = map_parts(folder, 0, 16)
    assert {name: [item["id"] for item in items] for name, items in parts.items()} == {
        "train": ["2"],
        "validate": ["1"],
        "score": ["0"],
    }
    assert map_labels(folder) == ["background", "stroma", "necrosis"]
    assert len(digest(read(folder))) == 64


@pytest.mark.parametrize(
    ("masks", "expected"),
    [
        ([(0,), (0,), (0,)], "has a foreground pixel: every mask is all background, so there"),
        ([(1, 2), (1, 2), (0,)], r"every mask of the folds that train \(2\) is all background"),
        ([(1, 2), (1, 2), (0, 2)], r"no mask of the folds that train \(2\) holds stroma"),
        ([(1, 2), (0,), (1, 2)], "every mask of fold 1 is all background; it validates"),
        (
            [(0, 1), (0, 1), (1, 2, 3)],
            "2.png holds the class index 3; the classes are 0 background",
        ),
    ],
)
def test_masks_that_cannot_be_learned_are_named(
    make: Make, masks: list[tuple[int, ...]], expected: str
) -> None:
    with pytest.raises(InputError, match=expected):
        map_parts(make(masks), 0, 16)


def test_a_class_that_is_not_validated_or_scored_is_told_of(
    make: Make, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("med2d"), "propagate", True)
    map_parts(make([(0,), (0, 1), (1, 2)]), 0, 16)
    first, second = dict.fromkeys(record.getMessage() for record in caplog.records)
    assert "fold 1, which validates, holds necrosis" in first
    assert "fold 0, which is scored, holds stroma or necrosis" in second


@pytest.mark.parametrize("size", [(20, 15), (1, 40)])
def test_images_that_are_too_small_are_named(make: Make, size: tuple[int, int]) -> None:
    expected = rf"smaller than 16 pixels a side, .*: images/0.png \({size[1]} x {size[0]}\)"
    with pytest.raises(InputError, match=expected):
        map_parts(make([(0, 1, 2)] * 3, size), 0, 16)


def test_a_dataset_of_another_task_is_refused(class_dataset: Path) -> None:
    with pytest.raises(InputError, match="is a dataset for classification; this bundle does seg"):
        map_labels(class_dataset)


def test_colours_are_those_of_the_data_or_ours(make: Make) -> None:
    given = [[235, 235, 235], [255, 140, 170], [70, 140, 70]]
    folder = make([(0, 1, 2)] * 3, colours=given)
    assert map_colours(folder) == given
    shutil.rmtree(folder)
    ours = map_colours(make([(0, 1, 2)] * 3))
    assert ours[0] == [0, 0, 0]
    assert len({tuple(colour) for colour in ours}) == 3


def test_as_many_images_are_kept_as_fit_at_their_own_sizes() -> None:
    items = [{"width": 100, "height": 50}] * 10
    assert map_cache_count(items, 0) == 0
    assert map_cache_count(items, 3.5 * 100 * 50 * 20 / 1e9) == 3
    assert map_cache_count(items, 1) == 10
    assert map_cache_count([], 1) == 0
