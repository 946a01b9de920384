"""The pictures on which the formats of a package are compared: those of the dataset, or made."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path

from pipelines.datasets.dataset import Dataset, Item
from pipelines.datasets.phantoms import PHANTOMS

LEAST = 100
"""Pictures on which formats are compared."""

_SIZE = 256  # pixels of the longer side of made pictures
_KINDS = {
    "bone_xray_classification": "bones",
    "breast_us_classification": "busi",
    "breast_us_segmentation": "busi",
    "fetal_plane_classification": "fetal-planes",
    "tissue_segmentation": "tissue",
}
"""Made pictures of what each shipped bundle answers."""
_OTHERS = "busi"


def agreement_pictures(
    dataset: Dataset | None, bundle: str, folder: Path, count: int = LEAST
) -> tuple[list[Path], str]:
    """Gives pictures that are spread evenly over the dataset; made ones where it has too few.

    Args:
        dataset: the run's; None where it is not at hand.
        bundle: what the made pictures are of.
        folder: an empty folder for made pictures.
        count: how many are given.

    Returns:
        The files, and what they are in words.
    """
    own = []
    if dataset is not None:
        own = spread_pictures(dataset, (*dataset.items, *dataset.testing), count)
    if len(own) == count:
        return own, f"{count} images of the dataset"
    wanted = count - len(own)
    made = _made(_KINDS.get(bundle, _OTHERS), folder, wanted)
    if not own:
        return made, f"{wanted} made images"
    return own + made, f"{len(own)} images of the dataset and {wanted} made ones"


def spread_pictures(dataset: Dataset, items: Sequence[Item], count: int) -> list[Path]:
    """Gives at most so many images of some items of a dataset, spread evenly over them."""
    taken = items if len(items) <= count else [items[k * len(items) // count] for k in range(count)]
    return [Path(dataset.resolved(item)["image"]) for item in taken]


def _made(kind: str, folder: Path, count: int) -> list[Path]:
    phantom = PHANTOMS[kind]
    make = getattr(importlib.import_module(phantom.module), phantom.function)
    make(out=folder / kind, count=count, seed=0, size=_SIZE, workers=1)
    files = sorted(path for path in (folder / kind).rglob("*.png") if not _is_mask(path, folder))
    return files[:count]


def _is_mask(path: Path, folder: Path) -> bool:
    return "mask" in path.relative_to(folder).as_posix().lower()
