"""What scanners burn into images: calipers, text, body marks; drawn as coverage in [0, 1]."""

from __future__ import annotations

import math
import string
from collections.abc import Callable, Sequence

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont

_CHARACTERS = string.ascii_uppercase + string.ascii_lowercase + 2 * string.digits + ".:-"
_SMALLEST = 6  # pixels: smaller letters are no letters any more
_FEWEST = 2 * _SMALLEST  # pixels of the shorter side that hold a mark at all

_Pen = ImageDraw.ImageDraw
_Mark = Callable[[_Pen, tuple[int, int], int, np.random.RandomState], None]


def drawn_marks(
    height: int, width: int, kinds: Sequence[str], size: float, seed: int
) -> torch.Tensor:
    """Draw marks onto an empty picture.

    Args:
        height: rows; less than 12 hold no mark.
        width: columns; less than 12 hold no mark.
        kinds: names of ``MARKS``, each drawn once.
        size: height of a letter in parts of the shorter side; at least 6 pixels.
        seed: of places, letters and shapes.

    Returns:
        (height, width), float32: 0 where nothing is, 1 where ink is.
    """
    picture = Image.new("L", (width, height))
    if min(height, width) >= _FEWEST:
        random = np.random.RandomState(seed)
        pixels = max(_SMALLEST, round(size * min(height, width)))
        for kind in kinds:
            MARKS[kind](ImageDraw.Draw(picture), picture.size, pixels, random)
    return torch.from_numpy(np.asarray(picture, dtype=np.float32) / 255)


def _calipers(pen: _Pen, size: tuple[int, int], pixels: int, random: np.random.RandomState) -> None:
    """Draws two crosses with or without a dotted line; they may carry the measurement's number."""
    arm = max(2, pixels // 3)
    (x, y), (far_x, far_y) = (
        tuple(int(random.randint(arm, side - arm)) for side in size) for _ in range(2)
    )
    slanted, dotted, numbered = (bool(random.randint(2)) for _ in range(3))
    for column, row in ((x, y), (far_x, far_y)):
        _cross(pen, column, row, arm, slanted)
    if dotted:
        steps = max(2, int(math.hypot(far_x - x, far_y - y)) // 4)
        places = np.linspace((x, y), (far_x, far_y), steps).round().astype(int)
        pen.point([(int(column), int(row)) for column, row in places], fill=255)
    if numbered:
        pen.text((x + arm + 1, y), str(random.randint(1, 5)), 255, _font(pixels))


def _cross(pen: _Pen, column: int, row: int, arm: int, slanted: bool) -> None:
    """Draws a + or an x."""
    turns = ((1, 1), (1, -1)) if slanted else ((1, 0), (0, 1))
    for across, down in turns:
        ends = [(column + end * across * arm, row + end * down * arm) for end in (-1, 1)]
        pen.line(ends, fill=255)


def _text(pen: _Pen, size: tuple[int, int], pixels: int, random: np.random.RandomState) -> None:
    """Writes one to three lines at a place along the margin."""
    lines = [
        "".join(random.choice(list(_CHARACTERS), random.randint(2, 9)).tolist())
        for _ in range(random.randint(1, 4))
    ]
    text = "\n".join(lines)
    right, bottom = pen.multiline_textbbox((0, 0), text, _font(pixels))[2:]
    free = [max(side - int(end) - 1, 0) for side, end in zip(size, (right, bottom), strict=True)]
    place = [int(random.randint(each + 1)) for each in free]
    axis = int(random.randint(2))
    place[axis] = int(random.choice([0, free[axis]]))
    pen.multiline_text((place[0], place[1]), text, 255, _font(pixels))


def _body_mark(
    pen: _Pen, size: tuple[int, int], pixels: int, random: np.random.RandomState
) -> None:
    """Draws a breast as a circle with its nipple, and the probe as a bar, in a corner."""
    radius = min(2 * pixels, min(size) // 2 - 1)
    x = int(random.choice([radius, size[0] - 1 - radius]))
    y = int(random.choice([radius, size[1] - 1 - radius]))
    pen.ellipse((x - radius, y - radius, x + radius, y + radius), outline=255)
    pen.point((x, y), fill=255)
    turn, probe = random.uniform(0, 2 * math.pi, 2)
    middle = (x + 0.6 * radius * math.cos(turn), y + 0.6 * radius * math.sin(turn))
    reach = (0.35 * radius * math.cos(probe), 0.35 * radius * math.sin(probe))
    ends = [(middle[0] + end * reach[0], middle[1] + end * reach[1]) for end in (-1, 1)]
    pen.line(ends, fill=255, width=max(1, pixels // 4))


def _font(pixels: int) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    """The font that comes with Pillow: the same on every machine."""
    return ImageFont.load_default(size=pixels)


MARKS: dict[str, _Mark] = {"caliper": _calipers, "text": _text, "body_mark": _body_mark}
"""Kinds of marks, by name."""
