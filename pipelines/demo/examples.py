"""Made images to try a model with: phantoms of the kind that its bundle is for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from numpy.typing import NDArray

from pipelines.datasets import picture
from pipelines.deployment.made_pictures import PHANTOM_OF, made_pictures

COUNT = 3

_SIZE, _SEED = 360, 7  # pixels of the longer side; a choice that shows different things


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
    if bundle not in PHANTOM_OF:
        return []
    with TemporaryDirectory(prefix="med2d-examples-") as folder:
        found = made_pictures(PHANTOM_OF[bundle], Path(folder) / "raw", COUNT, _SEED, _SIZE)
        return [
            Example(f"made image {number}", picture.read(path, path.name).pixels)
            for number, path in enumerate(found, start=1)
        ]
