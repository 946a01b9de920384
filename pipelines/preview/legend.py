"""The legend of a sheet: a sample of each colour with the name of its class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from PIL import Image, ImageDraw

from pipelines.preview.colours import BLACK, Colour
from pipelines.preview.lettering import Font, line_height, shortened

_INK = (60, 60, 60)


class Entry(NamedTuple):
    """One line of the legend: a class and its colour."""

    name: str
    colour: Colour


class Place(NamedTuple):
    """Where an entry stands: the left and upper end of its sample, and its text as it fits."""

    left: float
    top: float
    text: str


def sample_size(letters: Font) -> tuple[int, int]:
    """Gives the (width, height) of a colour's sample beside text of a font, pixels."""
    return round(1.8 * letters.size), round(0.9 * letters.size)


def arranged(entries: Sequence[Entry], letters: Font, width: int) -> list[Place]:
    """Arranges the entries in lines.

    Args:
        entries: the classes.
        letters: the font of their names.
        width: the room, pixels.

    Returns:
        A place for each entry, from (0, 0).
    """
    places: list[Place] = []
    left, top = 0.0, 0.0
    sample, gap = sample_size(letters)[0] + 0.5 * letters.size, 1.6 * letters.size
    for entry in entries:
        text = shortened(entry.name, letters, width - sample)
        needed = sample + letters.getlength(text)
        if left and left + needed > width:
            left, top = 0.0, top + legend_line(letters)
        places.append(Place(left, top, text))
        left += needed + gap
    return places


def legend_line(letters: Font) -> int:
    """Gives the height of a line of the legend, pixels."""
    return line_height(letters) + 4


def legend_height(places: Sequence[Place], letters: Font) -> int:
    """Gives the height of the arranged legend, pixels; 0 where it is empty."""
    return round(places[-1].top) + legend_line(letters) if places else 0


def draw_legend(
    page: Image.Image,
    entries: Sequence[Entry],
    places: Sequence[Place],
    letters: Font,
    corner: tuple[int, int],
) -> None:
    """Draws the arranged legend.

    Args:
        page: an RGB image.
        entries: the classes.
        places: as ``arranged`` gave them.
        letters: the font of the names.
        corner: left and upper end, pixels.
    """
    pen = ImageDraw.Draw(page)
    wide, high = sample_size(letters)
    for entry, place in zip(entries, places, strict=True):
        left, top = round(corner[0] + place.left), round(corner[1] + place.top)
        upper = top + (legend_line(letters) - high) // 2
        box = (left, upper, left + wide, upper + high)
        pen.rectangle(box, fill=entry.colour, outline=_INK)
        middle = top + legend_line(letters) / 2
        x = left + wide + 0.5 * letters.size
        pen.text((x, middle), place.text, fill=BLACK, font=letters, anchor="lm")
