"""Whether the images of a raw folder are grey or coloured, by the headers of a few."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from PIL import Image

Item = TypeVar("Item")

LOOKED_AT = 10
"""Files that are opened to learn what a raw folder holds."""

_GREY_MODES = frozenset(("1", "L", "LA", "La", "F"))


def some(items: Sequence[Item], count: int = LOOKED_AT) -> list[Item]:
    """Gives a few items, spread evenly: the first ones may all be of one class.

    Examples:
        >>> some(range(100), 4)
        [0, 33, 66, 99]
    """
    if len(items) <= count:
        return list(items)
    return [items[place * (len(items) - 1) // (count - 1)] for place in range(count)]


def channels(paths: Sequence[Path]) -> int:
    """Tells the channels that suit pictures.

    Args:
        paths: picture files; some of their headers are read.

    Returns:
        3 where one of them has colours by its header (RGB with equal channels counts), else 1.
    """
    return 3 if any(map(_is_coloured, some(paths))) else 1


def _is_coloured(path: Path) -> bool:
    """Reads one header; a file that cannot be opened counts as grey, and is named when it is read.

    A broken header makes Pillow raise nearly anything.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path) as image:
                if image.mode in ("P", "PA"):
                    return _has_colours(image.getpalette("RGB") or [])
                return image.mode not in _GREY_MODES and not image.mode.startswith("I")
    except Exception:
        return False


def _has_colours(palette: list[int]) -> bool:
    """Tells whether a palette (red, green, blue, red, …) has more than greys."""
    shades = zip(palette[::3], palette[1::3], palette[2::3], strict=False)
    return any(not red == green == blue for red, green, blue in shades)
