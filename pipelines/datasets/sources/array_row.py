"""An image or a mask that is one row of an array."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipelines.datasets import mask
from pipelines.datasets.sources.array_axes import Axes, upright
from pipelines.datasets.sources.array_levels import Levels, to_pixels
from pipelines.datasets.sources.source import Picture
from pipelines.datasets.sources.stored_array import StoredArray
from pipelines.errors import InputError


@dataclass(frozen=True, slots=True)
class ArrayRow:
    """An image in an array; nothing stays open or in memory between two of them.

    Attributes:
        path: the raw file.
        array: the array in it.
        index: the row, from 0.
        axes: of the array.
        levels: what its values mean.
    """

    path: Path
    array: StoredArray
    index: int
    axes: Axes
    levels: Levels

    def read(self, name: str) -> Picture:
        """Reads the row: (height, width) where all channels are equal, else (height, width, 3).

        Args:
            name: what messages call it.

        Returns:
            The picture, uint8 or uint16.

        Raises:
            InputError: the file cannot be read any more.
        """
        (row,) = self.array.rows(self.index, self.index + 1)
        return Picture(to_pixels(upright(row, self.axes), self.levels))


@dataclass(frozen=True, slots=True)
class ArrayMask:
    """A mask in an array.

    Attributes:
        path: the raw file.
        array: the array in it; boolean, whole numbers or fractions.
        index: the row, from 0.
        axes: of the array.
        classes: number of class indices, the background counted. With two, 0 is the background and
            either 1 or 255 the structure, as in ``pipelines.datasets.mask``; with more, the values
            are the indices.
        mapping: other values that may occur, each with its class index.
        source: the array's name and the row, for messages.
    """

    path: Path
    array: StoredArray
    index: int
    axes: Axes
    classes: int = 2
    mapping: Mapping[int, int] = field(default_factory=dict)
    source: str = ""

    def read(self, name: str) -> NDArray[np.uint8]:
        """Reads the class indices.

        Args:
            name: what messages call it.

        Returns:
            Class indices (height, width), uint8.

        Raises:
            InputError: the file cannot be read any more, or the row holds other values, NaN, or
                channels that differ.
        """
        (row,) = self.array.rows(self.index, self.index + 1)
        values = upright(row, self.axes)
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            raise InputError(f"{name} holds NaN or infinite values; expected class indices")
        if values.ndim == 3:
            raise InputError(
                f"{name} has channels that differ; expected one channel of class indices. Make it "
                "of one-hot maps with np.argmax(masks, axis=-1)"
            )
        if values.dtype == bool:
            values = values.astype(np.uint8)
        if self.classes <= 2:
            return mask.to_indices(values, name, self.mapping)
        return self._indices(values, name)

    def _indices(self, values: NDArray[np.generic], name: str) -> NDArray[np.uint8]:
        """Takes the values for class indices, but for those that are mapped."""
        known = {**{index: index for index in range(self.classes)}, **self.mapping}
        unknown = [value for value in np.unique(values).tolist() if value not in known]
        if unknown:
            listed = ", ".join(f"{value:g}" for value in unknown[:8])
            raise InputError(
                f"{name} holds the values {listed}; expected the class indices 0 to "
                f"{self.classes - 1}. Map others with --map VALUE=INDEX"
            )
        return mask.to_indices(values, name, known)
