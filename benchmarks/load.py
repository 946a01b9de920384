"""How much sooner decoded images are there than images from PNG files.

Three ways to have every image and mask of a dataset as a square array, one after another in one
process, round after round; the medians of the rounds' ratios to the first way are printed:

* ``png``: the files are read, decoded, letterboxed, each time;
* ``cache``: MONAI's ``PersistentDataset`` keeps what the same transforms made, on the disk. Its key
  holds the transforms (``hash_transform``), so that another size does not give stale images;
* ``npz``: the file of ``med2d export --to npz``, loaded whole.

What making the cache and the file costs, once, is printed too.

Run: python benchmarks/load.py [--data DATASET] [--size 256] [--rounds 5]
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from monai.data import PersistentDataset
from monai.data.utils import pickle_hashing
from monai.transforms import Compose, LoadImaged, Resized, SpatialPadd

from pipelines.datasets.dataset import Dataset, read
from pipelines.datasets.export import export
from transforms.upright_reader import UprightReader

Way = Callable[[], int]


def main() -> None:
    """Measures and prints."""
    options = _options()
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        dataset = read(options.data or _made_dataset(work, options.images))
        _check_staleness(dataset, work / "other", options.size)
        ways = _ways(dataset, work, options)
        rates = _measure(ways, options.rounds)
        _print(rates, work)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, help="a dataset folder (default: made images)")
    parser.add_argument("--images", type=int, default=200, help="made images")
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=5)
    return parser.parse_args()


def _made_dataset(folder: Path, images: int) -> Path:
    """Makes a dataset of ultrasound phantoms."""
    from pipelines.datasets.convert import Options, convert
    from pipelines.datasets.phantoms.busi import make_busi

    make_busi(folder / "raw", count=images)
    convert(folder / "raw", folder / "dataset", "busi", Options(), say=lambda line: None)
    return folder / "dataset"


def _ways(dataset: Dataset, work: Path, options: argparse.Namespace) -> dict[str, Way]:
    """Prepares the three ways; says what that took."""
    items, keys = _items(dataset), _keys(dataset)
    transform = _transform(keys, options.size)
    cached = _cached(items, transform, work / "cache")
    print(f"{len(items)} images of {dataset.name}, {options.size} pixels, one process")
    print(f"making the cache: {_seconds(lambda: _visit(cached, len(items))):.1f} s")
    arguments = {"size": options.size, "say": lambda line: None}
    taken = _seconds(lambda: export(dataset.folder, work / "npz", "npz", **arguments))
    print(f"making the npz: {taken:.1f} s")
    return {
        "png": lambda: _each(transform, items),
        "cache": lambda: _visit(cached, len(items)),
        "npz": lambda: _load(work / "npz" / "dataset.npz"),
    }


def _items(dataset: Dataset) -> list[dict[str, Any]]:
    """Gives the files of every image."""
    keys = _keys(dataset)
    items = (dataset.resolved(item) for item in (*dataset.items, *dataset.testing))
    return [{key: item[key] for key in keys} for item in items]


def _keys(dataset: Dataset) -> list[str]:
    return ["image", "label"] if dataset.task == "segmentation" else ["image"]


def _transform(keys: list[str], size: int) -> Compose:
    """Decodes and letterboxes, as the bundles do."""
    contents = {"image": "grey", "label": "indices"}
    modes = {"image": "bilinear", "label": "nearest-exact"}
    read_each = [
        LoadImaged(key, reader=UprightReader(contents[key]), ensure_channel_first=True)
        for key in keys
    ]
    fitted = Resized(
        keys,
        spatial_size=size,
        size_mode="longest",
        mode=[modes[key] for key in keys],
        anti_aliasing=[key == "image" for key in keys],
    )
    return Compose([*read_each, fitted, SpatialPadd(keys, spatial_size=(size, size))])


def _cached(items: list[dict[str, Any]], transform: Compose, folder: Path) -> PersistentDataset:
    return PersistentDataset(items, transform, cache_dir=folder, hash_transform=pickle_hashing)


def _check_staleness(dataset: Dataset, folder: Path, size: int) -> None:
    """Makes sure that another size is not answered with what was kept of this one."""
    items, keys = _items(dataset)[:1], _keys(dataset)
    for side in (size, size // 2):
        found = _cached(items, _transform(keys, side), folder)[0]["image"]
        if found.shape[-1] != side:
            raise SystemExit(f"the cache gave {found.shape[-1]} pixels for {side}")


def _each(transform: Compose, items: list[dict[str, Any]]) -> int:
    """Reads and decodes every file."""
    for item in items:
        transform(item)
    return len(items)


def _visit(cached: PersistentDataset, count: int) -> int:
    """Takes every image from the cache; the first time fills it."""
    for index in range(count):
        cached[index]
    return count


def _load(path: Path) -> int:
    """Loads every array that holds pixels."""
    with np.load(path) as data:
        arrays = [data[name] for name in ("images", "masks") if name in data.files]
    return len(arrays[0])


def _measure(ways: dict[str, Way], rounds: int) -> dict[str, list[float]]:
    """Gives images per second of each way in each round, after one round that warms up."""
    rates: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(rounds + 1):
        for name, way in ways.items():
            start = time.perf_counter()
            count = way()
            if turn:
                rates[name].append(count / (time.perf_counter() - start))
    return rates


def _seconds(work: Callable[[], Any]) -> float:
    """Times one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _print(rates: dict[str, list[float]], work: Path) -> None:
    """Prints the medians, the ratios, and what lies on the disk."""
    sizes = {"cache": work / "cache", "npz": work / "npz"}
    for name, found in rates.items():
        pairs = zip(found, rates["png"], strict=True)
        ratio = statistics.median(rate / png for rate, png in pairs)
        files = sizes[name].rglob("*") if name in sizes else []
        size = sum(path.stat().st_size for path in files) / 1e6
        disk = f", {size:.1f} MB on the disk" if size else ""
        print(f"{name:5s} {statistics.median(found):8.0f} images/s, {ratio:5.1f} x png{disk}")


if __name__ == "__main__":
    main()
