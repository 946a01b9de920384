"""Text on a sheet: it fits its place, and what the font cannot show is spelt out."""

from __future__ import annotations

import unicodedata
from functools import cache
from pathlib import Path

from PIL import ImageFont

Font = ImageFont.FreeTypeFont

_ELLIPSIS = "…"


@cache
def font(size: int, bold: bool = False) -> Font:
    """Gives the font DejaVu Sans, which matplotlib brings along on every machine.

    Args:
        size: pixels.
        bold: whether the strokes are heavy.
    """
    return ImageFont.truetype(str(_file(bold)), size)


def line_height(letters: Font) -> int:
    """Gives the distance between two lines of text, pixels."""
    return round(1.3 * letters.size)


def legible(text: str) -> str:
    r"""Spells out what the font has no letter for, and what is no letter.

    Examples:
        >>> legible("Fötus 中\n")
        'Fötus \\u4e2d\\x0a'
    """
    known = _letters()
    return "".join(
        each if ord(each) in known and unicodedata.category(each)[0] != "C" else _spelt(each)
        for each in text
    )


def shortened(text: str, letters: Font, width: float) -> str:
    """Leaves out the middle of a text that is too wide: names differ at both ends.

    Args:
        text: one line.
        letters: its font.
        width: the room, pixels.

    Returns:
        A text that fits; at least the ellipsis.
    """
    text = legible(text)
    kept, shorter = len(text), text
    while kept and letters.getlength(shorter) > width:
        kept -= 1
        shorter = text[: (kept + 1) // 2] + _ELLIPSIS + text[len(text) - kept // 2 :]
    return shorter


def wrapped(text: str, letters: Font, width: float) -> list[str]:
    """Breaks a text into lines at its spaces.

    Args:
        text: words.
        letters: their font.
        width: the room, pixels; a wider word is shortened.

    Returns:
        Lines that fit; none of an empty text.
    """
    lines: list[str] = []
    for word in text.split():
        piece = shortened(word, letters, width)
        if lines and letters.getlength(f"{lines[-1]} {piece}") <= width:
            lines[-1] += f" {piece}"
        else:
            lines.append(piece)
    return lines


def _spelt(character: str) -> str:
    """Gives a character as Python would write it."""
    code = ord(character)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _file(bold: bool = False) -> Path:
    """Gives the font's file."""
    import matplotlib

    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return Path(matplotlib.get_data_path()) / "fonts" / "ttf" / name


@cache
def _letters() -> frozenset[int]:
    """Gives the code points that the font can show."""
    from matplotlib.ft2font import FT2Font

    return frozenset(FT2Font(str(_file())).get_charmap())
