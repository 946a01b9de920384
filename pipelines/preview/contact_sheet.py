"""A page of tiles with their captions, below a title and a legend."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from pipelines.errors import InputError
from pipelines.preview.colours import BLACK, Colour
from pipelines.preview.legend import Entry, Place, arranged, draw_legend, legend_height
from pipelines.preview.lettering import Font, font, line_height, shortened, wrapped

PAPER: Colour = (255, 255, 255)
GROUND: Colour = (232, 232, 232)
"""Beside an image that does not fill its tile: neither its black nor the paper's white."""

LARGEST = 100_000_000
"""Most pixels of a sheet."""

_GREY_INK: Colour = (90, 90, 90)
_NARROWEST = 560  # pixels: a sheet of one tile has room for its title


class Tile(NamedTuple):
    """One picture of a sheet.

    Attributes:
        picture: (h, w, 3), uint8; neither side is longer than the tile.
        caption: its lines; the first one is bold.
        bar: the colour of a bar below the picture, for a class that no outline shows.
    """

    picture: NDArray[np.uint8]
    caption: tuple[str, ...]
    bar: Colour | None = None


class Sheet(NamedTuple):
    """What a page holds.

    Attributes:
        title: one line, as far as it fits.
        text: what the reader should know of the choice, below the title; paragraphs are lines.
        legend: the classes with their colours.
        tiles: row by row; at least one.
        columns: tiles in a row; None where the number of tiles may decide.
        notes: small lines at the foot.
    """

    title: str
    text: str
    legend: tuple[Entry, ...]
    tiles: Sequence[Tile]
    columns: int | None = None
    notes: tuple[str, ...] = ()


class _Fonts(NamedTuple):
    title: Font
    text: Font
    bold: Font
    caption: Font
    note: Font


class _Layout(NamedTuple):
    """Every length of a page, pixels."""

    columns: int
    box: tuple[int, int]  # width and height of a tile
    bar: int
    cell: tuple[int, int]  # width and height of a tile with its caption
    gap: int
    width: int
    head: list[tuple[str, Font, Colour]]
    places: list[Place]
    legend_top: int
    tiles_top: int
    foot: list[str]
    height: int


def columns_of(tiles: int) -> int:
    """Gives the columns of a page that is about half as wide again as high, and nearly full.

    Examples:
        >>> [columns_of(number) for number in (1, 8, 16, 20, 24)]
        [1, 4, 4, 5, 6]
    """
    ideal = math.sqrt(1.5 * tiles)
    near = range(max(1, math.floor(ideal)), math.ceil(ideal) + 1)
    return min(near, key=lambda columns: (-tiles % columns, abs(columns - ideal)))


def check_area(pixels: int) -> None:
    """Refuses a page that few programs could open.

    Args:
        pixels: of the page, or of the pictures on it, which are known before any is read.

    Raises:
        InputError: there are more than ``LARGEST``.
    """
    if pixels > LARGEST:
        raise InputError(
            f"a sheet would have more than {pixels // 10**6} million pixels; the most are "
            f"{LARGEST // 10**6}: give a smaller --count or --size"
        )


def draw(sheet: Sheet, size: int) -> Image.Image:
    """Draws a page.

    Args:
        sheet: what it holds.
        size: longer side of a tile, pixels.

    Returns:
        An RGB image; the same sheet gives the same pixels.

    Raises:
        InputError: the page would have more than ``LARGEST`` pixels.
    """
    fonts = _fonts(size)
    layout = _layout(sheet, size, fonts)
    check_area(layout.width * layout.height)
    page = Image.new("RGB", (layout.width, layout.height), PAPER)
    _draw_head(page, layout)
    corner = (layout.gap, layout.legend_top)
    draw_legend(page, sheet.legend, layout.places, fonts.text, corner)
    for index, tile in enumerate(sheet.tiles):
        row, column = divmod(index, layout.columns)
        left = layout.gap + column * (layout.cell[0] + layout.gap)
        top = layout.tiles_top + row * (layout.cell[1] + layout.gap)
        _draw_tile(page, tile, layout, (left, top), fonts)
    _draw_foot(page, layout, fonts.note)
    return page


def _fonts(size: int) -> _Fonts:
    """Gives the fonts that suit tiles of a size; none is too small to be read."""
    small = max(11, min(32, round(size / 19)))
    return _Fonts(
        font(round(1.7 * small), bold=True),
        font(round(1.15 * small)),
        font(small, bold=True),
        font(small),
        font(max(11, round(0.92 * small))),
    )


def _layout(sheet: Sheet, size: int, fonts: _Fonts) -> _Layout:
    """Measures a page."""
    columns = min(sheet.columns or columns_of(len(sheet.tiles)), len(sheet.tiles))
    gap = max(8, size // 20)
    box = _box(sheet.tiles, size)
    bar = max(4, size // 50) if any(tile.bar for tile in sheet.tiles) else 0
    lines = max(len(tile.caption) for tile in sheet.tiles)
    cell = (box[0], box[1] + bar + 4 + lines * line_height(fonts.caption))
    width = max(_NARROWEST, gap + columns * (cell[0] + gap))
    head = [(shortened(sheet.title, fonts.title, width - 2 * gap), fonts.title, BLACK)]
    for paragraph in sheet.text.splitlines():
        broken = wrapped(paragraph, fonts.text, width - 2 * gap)
        head += [(line, fonts.text, _GREY_INK) for line in broken]
    legend_top = gap + sum(line_height(letters) for _, letters, _ in head) + gap // 2
    places = arranged(sheet.legend, fonts.text, width - 2 * gap)
    tiles_top = legend_top + legend_height(places, fonts.text) + gap // 2
    rows = -(-len(sheet.tiles) // columns)
    foot = [line for note in sheet.notes for line in wrapped(note, fonts.note, width - 2 * gap)]
    height = tiles_top + rows * (cell[1] + gap) + len(foot) * line_height(fonts.note)
    height += gap // 2 if foot else 0
    return _Layout(
        columns, box, bar, cell, gap, width, head, places, legend_top, tiles_top, foot, height
    )


def _box(tiles: Sequence[Tile], size: int) -> tuple[int, int]:
    """Gives the (width, height) that holds every picture; wide enough for a caption."""
    height = max(tile.picture.shape[0] for tile in tiles)
    width = max(tile.picture.shape[1] for tile in tiles)
    return max(width, round(0.75 * size)), height


def _draw_head(page: Image.Image, layout: _Layout) -> None:
    """Writes the title and the text below it."""
    pen = ImageDraw.Draw(page)
    top = layout.gap
    for line, letters, ink in layout.head:
        pen.text((layout.gap, top), line, fill=ink, font=letters)
        top += line_height(letters)


def _draw_tile(
    page: Image.Image, tile: Tile, layout: _Layout, corner: tuple[int, int], fonts: _Fonts
) -> None:
    """Draws a picture in the middle of its box, the bar and the caption."""
    pen = ImageDraw.Draw(page)
    (left, top), (width, height) = corner, layout.box
    pen.rectangle((left, top, left + width - 1, top + height - 1), fill=GROUND)
    high, wide = tile.picture.shape[:2]
    place = (left + (width - wide) // 2, top + (height - high) // 2)
    page.paste(Image.fromarray(tile.picture), place)
    top += height
    if tile.bar is not None:
        pen.rectangle((left, top, left + width - 1, top + layout.bar - 1), fill=tile.bar)
    top += layout.bar + 4
    for number, line in enumerate(tile.caption):
        letters = fonts.caption if number else fonts.bold
        pen.text((left, top), shortened(line, letters, width), fill=BLACK, font=letters)
        top += line_height(letters)


def _draw_foot(page: Image.Image, layout: _Layout, letters: Font) -> None:
    """Writes the notes."""
    pen = ImageDraw.Draw(page)
    top = layout.height - layout.gap // 2 - len(layout.foot) * line_height(letters)
    for line in layout.foot:
        pen.text((layout.gap, top), line, fill=_GREY_INK, font=letters)
        top += line_height(letters)
