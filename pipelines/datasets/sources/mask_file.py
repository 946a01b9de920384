"""A mask in a picture file of its own: 0 is background, 255 (or 1) the structure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipelines.datasets import mask


@dataclass(frozen=True, slots=True)
class MaskFile:
    """The mask file of one structure; see ``pipelines.datasets.mask`` for its values.

    Attributes:
        path: the file.
        mapping: values that it may hold besides 0 and either 1 or 255, each with its class index.
        source: its path below the raw root, for messages.
    """

    path: Path
    mapping: Mapping[int, int] = field(default_factory=dict)
    source: str = ""

    def read(self, name: str) -> NDArray[np.uint8]:
        """Reads the class indices.

        Args:
            name: what messages call it.

        Returns:
            Class indices (height, width), uint8.

        Raises:
            PictureError: the file cannot be read as a picture, or is too large.
            InputError: it holds other values, colours or transparency.
        """
        return mask.read(self.path, name, self.mapping)

    def pictures(self) -> tuple[Path, ...]:
        """Lists the picture files that hold the pixels."""
        return (self.path,)
