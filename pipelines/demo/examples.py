"""Made images to try a model with: phantoms of the kind that its bundle is for."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from numpy.typing import NDArray

from pipelines.datasets import picture
from pipelines.datasets.phantoms import PHANTOMS

KINDS: Mapping[str, str] = {
    "bone_xray_classification": "bones",
    "breast_us_classification": "busi",
    "breast_us_segmentation": "busi",
    "fetal_plane_classification": "fetal-planes",
    "tissue_segmentation": "tissue",
}
"""Which phantoms show what a bundle is for."""

COUNT = 3

_SIZE, _SEED = 360, 7  # pixels of the longer side; a choice that shows different things
_MASKS = ("_mask", "masks")


@dataclass(frozen=True)
class Example:
    """A made image.

    Attributes:
        name: what it is called, such as ``made image 1``.
        pixels: (height, width) or (height, width, 3), uint8.
    """

    name: str
    pixels: NDArray[Any]


def examples(bundle: str) -> list[Example]:
    """Makes a few images; nothing is left on the disk.

    Args:
        bundle: name of a shipped bundle; of any other there are none.
    """
    if bundle not in KINDS:
        return []
    made = PHANTOMS[KINDS[bundle]]
    make = getattr(importlib.import_module(made.module), made.function)
    with TemporaryDirectory(prefix="med2d-examples-") as folder:
        raw = Path(folder) / "raw"
        make(raw, count=COUNT, seed=_SEED, size=_SIZE, workers=1)
        found = [path for path in sorted(raw.rglob("*.png")) if not _is_mask(path, raw)]
        return [
            Example(f"made image {number}", picture.read(path, path.name).pixels)
            for number, path in enumerate(found[:COUNT], start=1)
        ]


def _is_mask(path: Path, raw: Path) -> bool:
    return any(word in path.relative_to(raw).as_posix() for word in _MASKS)
