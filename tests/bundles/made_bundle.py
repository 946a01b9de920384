"""The bundles of classification: how each is made small enough for a test."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.bundles import bundle_root

SMALL = {
    "image_size": 64,
    "batch_size": 8,
    "num_workers": 0,
    "precision": "float32",
    "memory_layout": "channels_last",
}
"""What keeps a run short, and what else a probe would choose."""


@dataclass(frozen=True)
class Bundle:
    """A bundle of classification.

    Attributes:
        name: its folder.
        labels: the class names of its phantoms, which are those of its metadata.
        smallest: overrides that make its network the smallest that still is of its kind.
        phantoms: what ``med2d phantom`` makes for it, and
        convert: the layout of that.
        options: further options of the conversion.
        few: how many phantoms are few but enough, and their size in pixels.
        learned: how many phantoms teach the default recipe, their size in pixels, which is that of
            the network's images, too, and the epochs.
    """

    name: str
    labels: tuple[str, ...]
    smallest: dict[str, Any]
    phantoms: str
    convert: str
    options: tuple[str, ...]
    few: tuple[int, int]
    learned: tuple[int, int, int]

    @property
    def root(self) -> Path:
        """Its folder."""
        return bundle_root(self.name)

    def config(self, name: str) -> str:
        """Path of one of its configuration files, such as ``train`` or ``variants/frozen``."""
        return str(self.root / "configs" / f"{name}.json")

    def read(self, name: str) -> dict[str, Any]:
        """One of its configuration files."""
        return json.loads(Path(self.config(name)).read_text(encoding="utf-8"))

    @property
    def variants(self) -> list[str]:
        """The names of its variants."""
        return sorted(path.stem for path in (self.root / "configs" / "variants").glob("*.json"))


_NARROW = {"network_def::options": {"width_mult": 0.35}}
_TABLE = (
    Bundle(
        name="breast_us_classification",
        labels=("benign", "malignant", "normal"),
        smallest=_NARROW,
        phantoms="busi",
        convert="busi",
        options=("--task", "classification"),
        few=(30, 96),
        learned=(1200, 128, 32),
    ),
    Bundle(
        name="fetal_plane_classification",
        labels=(
            "Fetal abdomen",
            "Fetal brain",
            "Fetal femur",
            "Fetal thorax",
            "Maternal cervix",
            "Other",
        ),
        smallest={"network_def::backbone": "torchvision.mobilenet_v2", **_NARROW},
        phantoms="fetal-planes",
        convert="csv-labels",
        options=("--preset", "fetal-planes"),
        few=(60, 64),
        learned=(2000, 64, 32),
    ),
    Bundle(
        name="bone_xray_classification",
        labels=("beyond_repair", "fractured", "healthy"),
        smallest={"network_def::dense": 8},
        phantoms="bones",
        convert="class-folders",
        options=("--levels", "class,region"),
        few=(18, 64),
        learned=(2400, 64, 60),
    ),
)

BUNDLES = {bundle.name: bundle for bundle in _TABLE}
"""The bundles by name."""
