"""Cases whose measurements are given, and a small dataset folder of real files."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

from pipelines.datasets.audit.case import Case
from pipelines.datasets.audit.finding import Finding
from pipelines.datasets.audit.measured import MaskMeasured, Measured
from pipelines.datasets.dataset import Dataset, Item, write

ITEM_KEYS = {"image", "label", "class", "group", "fold", "source", "flags", "part"}


def case(number: int, **changes: Any) -> Case:
    """A case of its own group, in fold number % 3; changes are of the item or of what is measured.

    ``fold=None`` makes it one of the part ``testing``.
    """
    item: Item = {
        "image": f"images/a_{number:04d}.png",
        "label": 0,
        "class": changes.pop("category", "a"),
        "group": f"g{number:04d}",
        "fold": number % 3,
        "source": f"a/raw {number}.png",
        "sha256": "0",
        "width": changes.get("width", 40),
        "height": changes.get("height", 30),
    }
    item |= {key: changes.pop(key) for key in set(changes) & ITEM_KEYS}
    if item["fold"] is None:
        del item["fold"]
    measured = Measured(width=40, height=30, digest=f"d{number}", highest=200)
    return Case(item, replace(measured, **changes))


def masked(number: int, category: str = "a", **changes: Any) -> Case:
    """A case with a mask of 40 x 30 pixels, 100 of them marked, in one part."""
    mask = MaskMeasured(
        width=40, height=30, digest=f"m{number}", counts=(1100, 100), lesions=(100,), parts=1
    )
    of_case = {key: changes.pop(key) for key in ("fold", "group") if key in changes}
    mask = replace(mask, **changes)
    return case(number, category=category, label=f"masks/a_{number:04d}.png", mask=mask, **of_case)


def by_check(findings: list[Finding]) -> dict[str, Finding]:
    found = {finding.check: finding for finding in findings}
    assert len(found) == len(findings)
    return found


def numbers(finding: Finding) -> list[int]:
    """The numbers of the images of a finding."""
    return [int(image[-8:-4]) for image in finding.images]


def scan(seed: int, height: int = 60, width: int = 80) -> NDArray[np.uint8]:
    """A blotchy picture that is no copy of one of another seed."""
    noise = np.random.default_rng(seed).normal(size=(height, width))
    blotches = gaussian_filter(noise, 3) * 6 + gaussian_filter(noise, 1)
    return ((blotches - blotches.min()) / np.ptp(blotches) * 220 + 20).astype(np.uint8)


def lesion(height: int = 60, width: int = 80) -> NDArray[np.uint8]:
    mask = np.zeros((height, width), dtype=np.uint8)
    mask[20:40, 30:55] = 1
    return mask


def save(folder: Path, name: str, pixels: NDArray[Any]) -> str:
    """Writes a picture; gives its hash."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def made_dataset(folder: Path, count: int = 9, testing: int = 0) -> Dataset:
    """Writes a dataset folder for segmentation: class a, of three folds and a test part."""
    items = []
    for number in range(count + testing):
        name = f"a_{number:04d}.png"
        item: Item = {
            "image": f"images/{name}",
            "label": f"masks/{name}",
            "class": "a" if number % 2 else "b",
            "group": f"g{number:04d}",
            "fold": number % 3,
            "source": f"raw/{number}.png",
            "sha256": save(folder, f"images/{name}", scan(number)),
            "label_sha256": save(folder, f"masks/{name}", lesion()),
            "width": 80,
            "height": 60,
        }
        items.append(item)
    for item in items[count:]:
        del item["fold"]
    dataset = Dataset(
        folder=folder,
        name="made",
        task="segmentation",
        modality={"0": "US"},
        labels={"0": "background", "1": "lesion"},
        licence="",
        reference="",
        channels=1,
        source={"layout": "made", "grouping": "patients"},
        items=tuple(items[:count]),
        testing=tuple(items[count:]),
    )
    write(dataset)
    return dataset
