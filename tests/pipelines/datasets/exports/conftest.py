"""Small dataset folders of every kind, and a request for an export of one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.datasets.dataset import Dataset, write
from pipelines.datasets.encoding import SUFFIXES, encode
from pipelines.datasets.exports.request import Request

CLASSES = ("benign", "malignant", "normal")
LABELS = {
    "segmentation": {"0": "background", "1": "tumour", "2": "cyst"},
    "classification": dict(zip("012", CLASSES, strict=True)),
}


def draw_pixels(number: int, channels: int, dtype: type) -> NDArray[Any]:
    """Draws a picture, 20 + number high and 30 wide, without any symmetry."""
    rng, shape = np.random.default_rng(number), (20 + number, 30)
    most = np.iinfo(dtype).max
    return rng.integers(0, most, (*shape, 3) if channels == 3 else shape).astype(dtype)


def draw_mask(number: int) -> NDArray[np.uint8]:
    """Draws a mask of class 1 with a hole of one pixel, and of class 2; every third is empty."""
    mask = np.zeros((20 + number, 30), np.uint8)
    if number % 3 != 2:
        mask[3:12, 4:16] = 1
        mask[7, 8] = 0
        mask[14:18, 20:29] = 2
    return mask


def make_dataset(
    folder: Path,
    task: str = "segmentation",
    channels: int = 1,
    kind: str = "png",
    dtype: type = np.uint8,
    count: int = 9,
    testing: int = 0,
    spacing: list[float] | None = None,
) -> Dataset:
    """Writes a dataset folder of three folds."""
    for part in ("images", "masks"):
        (folder / part).mkdir(parents=True)
    items = []
    for number in range(count + testing):
        name = f"{CLASSES[number % 3]}_{number + 1:04d}{SUFFIXES[kind]}"
        pixels = draw_pixels(number, channels, dtype)
        data, mask = encode(pixels, kind, spacing), encode(draw_mask(number), kind, spacing)
        (folder / "images" / name).write_bytes(data)
        item: dict[str, Any] = {
            "image": f"images/{name}",
            "label": number % 3,
            "class": CLASSES[number % 3],
            "group": f"g{number:04d}",
            "fold": number // 3 % 3,
            "source": f"raw/{number}.png",
            "sha256": hashlib.sha256(data).hexdigest(),
            "width": pixels.shape[1],
            "height": pixels.shape[0],
        }
        if task == "segmentation":
            (folder / "masks" / name).write_bytes(mask)
            item |= {"label": f"masks/{name}", "label_sha256": hashlib.sha256(mask).hexdigest()}
        if spacing:
            item["spacing"] = spacing
        if number >= count:
            del item["fold"]
        items.append(item)
    dataset = Dataset(
        folder=folder,
        name="made up",
        task=task,
        modality={"0": "US"},
        labels=LABELS[task],
        licence="CC0",
        reference="nobody",
        channels=channels,
        source={"layout": "made"},
        items=tuple(items[:count]),
        testing=tuple(items[count:]),
    )
    write(dataset)
    return dataset


@pytest.fixture
def dataset_of(tmp_path: Path) -> Callable[..., Dataset]:
    """Writes a dataset folder; see ``make_dataset``."""
    return lambda **wanted: make_dataset(tmp_path / "données (1)", **wanted)


@pytest.fixture
def pixels_of() -> Callable[..., NDArray[Any]]:
    """The picture of a number, as the datasets have it; see ``draw_pixels``."""
    return draw_pixels


@pytest.fixture
def mask_of() -> Callable[[int], NDArray[np.uint8]]:
    """The mask of a number, as the datasets have it; see ``draw_mask``."""
    return draw_mask


@pytest.fixture
def request_of(tmp_path: Path) -> Callable[..., Request]:
    """Makes a request for an export into ``folder``; the lines said are in ``request.said``."""

    def make(dataset: Dataset, **changed: Any) -> Request:
        for name in ("new", "work"):
            (tmp_path / "staging" / name).mkdir(parents=True, exist_ok=True)
        said: list[str] = []
        request = Request(
            dataset, tmp_path / "staging" / "new", tmp_path / "out", 32, 0, 501, 1, said.append
        )
        request = replace(request, **changed)
        object.__setattr__(request, "said", said)
        return request

    return make
