"""Small dataset folders, made by hand so that every pixel is known."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipelines.datasets.dataset import Dataset, Item, read, write

HEIGHT, WIDTH = 40, 80


def picture(height: int = HEIGHT, width: int = WIDTH) -> NDArray[np.uint8]:
    """Dark grey, but white in its upper left corner: neither square nor symmetric."""
    pixels = np.full((height, width), 60, dtype=np.uint8)
    pixels[: height // 5, : width // 10] = 255
    return pixels


def mask(height: int = HEIGHT, width: int = WIDTH) -> NDArray[np.uint8]:
    """A rectangle of class 1 in the lower right, rows 20 to 31, columns 50 to 73."""
    indices = np.zeros((height, width), dtype=np.uint8)
    indices[20:32, 50:74] = 1
    return indices


def entry(image: str, fold: int = 0, group: str | None = None, **more: Any) -> Item:
    """An entry of dataset.json without its files."""
    stem = Path(image).stem
    return {"image": image, "class": "a", "group": group or stem, "fold": fold, **more}


def store(folder: Path, name: str, pixels: NDArray[Any]) -> str:
    """Writes a picture and gives its hash."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def stored_item(
    folder: Path,
    name: str,
    fold: int,
    label: NDArray[Any] | int,
    pixels: NDArray[Any] | None = None,
    **more: Any,
) -> Item:
    """Writes an image, and a mask where ``label`` is one; gives their entry."""
    pixels = picture() if pixels is None else pixels
    item: Item = {
        "image": f"images/{name}.png",
        "label": label if isinstance(label, int) else f"masks/{name}.png",
        "class": "a",
        "group": f"g_{name}",
        "fold": fold,
        "source": f"{name}.png",
        "sha256": store(folder, f"images/{name}.png", pixels),
        "width": pixels.shape[1],
        "height": pixels.shape[0],
        **more,
    }
    if not isinstance(label, int):
        item["label_sha256"] = store(folder, f"masks/{name}.png", label)
    return item


def dataset_of(
    folder: Path,
    items: Sequence[Item],
    task: str = "segmentation",
    labels: Mapping[str, str] | None = None,
    **more: Any,
) -> Dataset:
    """Writes dataset.json around entries and reads it again."""
    labels = labels or {"0": "background", "1": "tumour"}
    content = {"name": "made", "modality": {"0": "US"}, "licence": "", "reference": "", **more}
    dataset = Dataset(
        folder=folder,
        task=task,
        labels=dict(labels),
        channels=content.pop("channels", 1),
        source={"layout": "made"},
        items=tuple(items),
        **content,
    )
    write(dataset)
    return read(folder)


def segmentation(folder: Path, count: int = 6, folds: int = 3) -> Dataset:
    """A segmentation of equal images, class ``a`` with a mask and, every third, ``b`` without."""
    items = []
    for number in range(count):
        kind = "b" if number % 3 == 2 else "a"
        shape = mask() if kind == "a" else np.zeros((HEIGHT, WIDTH), np.uint8)
        flags = {"flags": "caliper,text"} if number == 0 else {}
        name = f"{kind}_{number:02d}"
        items.append(
            stored_item(folder, name, number // 2 % folds, shape, **{"class": kind}, **flags)
        )
    return dataset_of(folder, items)


def classification(folder: Path) -> Dataset:
    """A classification of six images in two classes and three folds."""
    items = [
        stored_item(folder, f"n_{number}", number % 3, number // 3, **{"class": "xy"[number // 3]})
        for number in range(6)
    ]
    return dataset_of(folder, items, "classification", {"0": "x", "1": "y"})


def like(pixels: NDArray[Any], colour: tuple[int, int, int], within: int = 40) -> NDArray[np.bool_]:
    """Tells which pixels (h, w, 3) are nearly of a colour."""
    return np.abs(pixels.astype(int) - colour).max(axis=-1) <= within
