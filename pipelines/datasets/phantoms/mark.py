"""The mark in every file of a phantom: nobody takes it for a patient, and it may be replaced."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

MADE_BY = ("Software", "med2d phantom")  # a text chunk of the PNG file


def write_marked(
    path: Path, pixels: NDArray[np.uint8], palette: Sequence[tuple[int, int, int]] = ()
) -> None:
    """Write an 8-bit PNG file that says who made it.

    Args:
        path: The file.
        pixels: Grey values (H, W), colours (H, W, 3), colours with alpha (H, W, 4), or, with a
            palette, indices into it (H, W).
        palette: Red, green and blue of each index; the file is then of the palette kind.
    """
    text = PngInfo()
    text.add_text(*MADE_BY)
    image = Image.fromarray(pixels)
    if palette:
        image.putpalette([level for colour in palette for level in colour])
    image.save(path, pnginfo=text)


def is_marked(path: Path) -> bool:
    """Tell whether a file is a PNG file that carries our mark; a link to one is not."""
    if path.is_symlink():
        return False
    try:
        with Image.open(path, formats=["PNG"]) as image:
            return image.info.get(MADE_BY[0]) == MADE_BY[1]
    except (OSError, ValueError, Image.DecompressionBombError):
        return False
