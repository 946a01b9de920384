"""Pictures like ultrasound, and what scanners draw over them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import gaussian_filter

Colour = int | tuple[int, int, int]


def speckle(seed: int = 0, height: int = 180, width: int = 240) -> NDArray[np.uint8]:
    """Draws speckle that is longer across the beams than along them, bright above, (h, w)."""
    rng = np.random.default_rng(seed)
    grain = gaussian_filter(rng.normal(size=(height, width)), (1, 2.5))
    brightness = np.linspace(150, 40, height)[:, None]
    return (brightness * (1 + 0.3 * grain / grain.std())).clip(0, 255).astype(np.uint8)


def with_crosses(
    picture: NDArray[np.uint8],
    middles: Sequence[tuple[int, int]],
    arm: int = 3,
    colour: Colour = 230,
    slanted: bool = False,
) -> NDArray[np.uint8]:
    """Draws crosses of lines one pixel wide around (row, column)."""
    image = Image.fromarray(picture.copy())
    draw = ImageDraw.Draw(image)
    for row, column in middles:
        for right, down in ((arm, arm), (arm, -arm)) if slanted else ((arm, 0), (0, arm)):
            ends = (column - right, row - down, column + right, row + down)
            draw.line(ends, colour)
    return np.asarray(image)


def with_text(
    picture: NDArray[np.uint8],
    text: str,
    place: tuple[int, int],
    colour: Colour = 230,
    height: int = 10,
) -> NDArray[np.uint8]:
    """Writes a line of text whose upper left corner is at (row, column)."""
    image = Image.fromarray(picture.copy())
    font = ImageFont.load_default(height)
    ImageDraw.Draw(image).text((place[1], place[0]), text, colour, font)
    return np.asarray(image)
