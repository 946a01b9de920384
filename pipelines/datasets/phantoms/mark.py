"""The mark in every file of a phantom: nobody takes it for a patient, and it may be replaced."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

MADE_BY = ("Software", "med2d phantom")  # a text chunk of the PNG file


def write_marked(path: Path, pixels: NDArray[np.uint8]) -> None:
    """Write grey values (H, W) as an 8-bit PNG file that says who made it."""
    text = PngInfo()
    text.add_text(*MADE_BY)
    Image.fromarray(pixels).save(path, pnginfo=text)


def is_marked(path: Path) -> bool:
    """Tell whether a file is a PNG file that carries our mark; a link to one is not."""
    if path.is_symlink():
        return False
    try:
        with Image.open(path, formats=["PNG"]) as image:
            return image.info.get(MADE_BY[0]) == MADE_BY[1]
    except (OSError, ValueError, Image.DecompressionBombError):
        return False
