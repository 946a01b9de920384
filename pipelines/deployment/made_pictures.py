"""Made pictures of what a shipped bundle answers, for trials where no others are at hand."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path

from pipelines.datasets.phantoms import PHANTOMS

PHANTOM_OF: Mapping[str, str] = {
    "bone_xray_classification": "bones",
    "breast_us_classification": "busi",
    "breast_us_segmentation": "busi",
    "fetal_plane_classification": "fetal-planes",
    "tissue_segmentation": "tissue",
}
"""Which phantom shows what a shipped bundle is for."""


def made_pictures(phantom: str, folder: Path, count: int, seed: int, size: int) -> list[Path]:
    """Makes pictures in one process.

    Args:
        phantom: a key of ``PHANTOMS``.
        folder: where they go, with their masks or tables; it must not be there.
        count: how many.
        seed: of what they show.
        size: pixels of the longer side.

    Returns:
        The files of the pictures, without those of masks.
    """
    made = PHANTOMS[phantom]
    make = getattr(importlib.import_module(made.module), made.function)
    make(out=folder, count=count, seed=seed, size=size, workers=1)
    files = (path for path in sorted(folder.rglob("*.png")) if not _is_mask(path, folder))
    return list(files)[:count]


def _is_mask(path: Path, folder: Path) -> bool:
    return "mask" in path.relative_to(folder).as_posix()
