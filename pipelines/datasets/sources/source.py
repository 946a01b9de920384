"""Where pixels come from: small picklable objects that a worker opens, one image at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from transforms.picture import PictureError

MOST_PIXELS = 2**28 // 2
"""A file whose header promises more pixels is refused before it is decoded."""


@dataclass(frozen=True)
class Picture:
    """A decoded picture.

    Attributes:
        pixels: values (height, width) or (height, width, 3), upright, uint8 or uint16.
        flags: what a reader should know, such as ``colour`` where grey was made of colours.
        spacing: millimetres per pixel (row, column) where the source says so.
        clear: where the picture is wholly transparent (alpha 0), bool (height, width); None where
            nothing is.
    """

    pixels: NDArray[Any]
    flags: tuple[str, ...] = ()
    spacing: tuple[float, float] | None = None
    clear: NDArray[np.bool_] | None = None


class ImageSource(Protocol):
    """Where an image is: a frozen, picklable dataclass.

    Its fields that are paths (or tuples of paths) name the files that it reads.
    """

    def read(self, name: str) -> Picture:
        """Reads the image.

        Args:
            name: what messages call it, such as ``image "benign/benign (1).png"``.

        Returns:
            The picture, grey or RGB as the source has it.

        Raises:
            PictureError: it cannot be read.
            InputError: it holds what does not fit.
        """
        ...


class MaskSource(Protocol):
    """Where a mask is: a frozen, picklable dataclass, as ``ImageSource`` is.

    It may have a field ``source``, its path below the raw root, by which messages then call it.
    """

    def read(self, name: str) -> NDArray[np.uint8]:
        """Reads the mask.

        Args:
            name: what messages call it, such as ``mask "benign/benign (1)_mask.png"``.

        Returns:
            Class indices (height, width), uint8.

        Raises:
            PictureError: it cannot be read.
            InputError: it holds what does not fit.
        """
        ...


def check_pixels(width: int, height: int, name: str) -> None:
    """Refuses a picture that is too large to be one, by its header, before it is decoded.

    Args:
        width: as the header says.
        height: as the header says.
        name: what the message calls the picture.

    Raises:
        PictureError: there are more than ``MOST_PIXELS`` pixels.
    """
    if width * height > MOST_PIXELS:
        raise PictureError(
            f"{name} is {width} x {height} pixels by its header; the limit is {MOST_PIXELS} "
            f"pixels ({MOST_PIXELS // 2**20} x 2^20). Cut it into tiles, or take it out"
        )


def files_of(source: ImageSource | MaskSource) -> list[Path]:
    """Lists the files that a source reads: its fields that are paths, or hold paths."""
    files: list[Path] = []
    for each in fields(source):  # type: ignore[arg-type]
        value = getattr(source, each.name)
        if isinstance(value, Mapping):
            value = (*value.keys(), *value.values())
        values = value if isinstance(value, tuple | list) else (value,)
        files.extend(one for one in values if isinstance(one, Path))
    return files
