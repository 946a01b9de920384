"""What a scanner writes round its picture: a grey bar, depth ticks and lines of small text."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont


def write_screen(
    rng: np.random.Generator, picture: NDArray[np.uint8], lines: int, bar: float
) -> NDArray[np.uint8]:
    """Write a scanner's furniture over a picture, uint8 (H, W); gives a new one.

    Args:
        rng: Decides the numbers.
        picture: Left as it is.
        lines: Lines of text in the upper right corner.
        bar: Height of the grey bar as a share of the picture's.
    """
    height, width = picture.shape
    sheet = Image.fromarray(picture.copy())
    letters = max(height // 48, 5)
    font = ImageFont.load_default(letters)
    draw = ImageDraw.Draw(sheet)
    for line in range(lines):
        text = f"{rng.choice(SETTINGS)} {rng.integers(2, 99)}"
        draw.text((0.985 * width, (0.3 + line) * 1.15 * letters), text, 190, font, anchor="ra")
    pixels = np.array(sheet)
    rows, columns = max(round(bar * height), 8), max(width // 80, 2)
    pixels[letters : letters + rows, :columns] = np.linspace(255, 0, rows, dtype=np.uint8)[:, None]
    pixels[letters + rows :: max(height // 14, 6), columns * 3 : columns * 3 + 2] = 150
    return pixels


SETTINGS = ("Hz", "cm", "Gn", "C", "M", "P", "E", "SRI II", "FF", "MI", "TIs")
