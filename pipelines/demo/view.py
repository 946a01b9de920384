"""Pictures of an answer: the image itself, with the outline of its mask, or under its heat map."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import binary_dilation

from pipelines.preview.colours import PALETTE, Colour
from pipelines.preview.image_tile import fit
from pipelines.preview.outlines import outlined, pen_of
from pipelines.preview.window import shown, window_of

SIDE = 640
"""Longer side of a picture, pixels."""

_QUALITY = 88  # of the JPEG
_HEAT = 0.6  # most of the image that the heat covers


class View(NamedTuple):
    """A picture in the page.

    Attributes:
        uri: the picture as a data URI, so that no file of it is kept.
        alt: what it shows, in words.
        caption: what is said below it.
    """

    uri: str
    alt: str
    caption: str


def plain(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    """Gives a picture as a screen shows it, (h, w, 3), ``SIDE`` pixels long.

    Args:
        pixels: (height, width) or (height, width, 3), uint8 or uint16; of 16 bits in the window of
            its percentiles.
    """
    return fit(shown(pixels, window_of(pixels)), SIDE)


def with_outlines(
    tile: NDArray[np.uint8], mask: NDArray[np.uint8], colours: Mapping[int, Colour]
) -> NDArray[np.uint8]:
    """Draws the outline of each class of a mask.

    Args:
        tile: the picture, (h, w, 3).
        mask: class indices (height, width) of the same view, in any resolution.
        colours: class index to colour; what has none is not outlined.
    """
    return outlined(tile, mask, colours, pen_of(SIDE, len(colours)))


def under_heat(tile: NDArray[np.uint8], heat: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Lays a heat map over a picture; where nothing speaks for the class, the picture shows.

    Args:
        tile: the picture, (h, w, 3).
        heat: 0 to 1, (height, width) of the same view, in any resolution.
    """
    from matplotlib import colormaps

    height, width = tile.shape[:2]
    small = Image.fromarray(np.asarray(heat, dtype=np.float32))
    large = np.asarray(small.resize((width, height), Image.Resampling.BICUBIC)).clip(0, 1)
    share = _HEAT * large[..., None]
    mixed = (1 - share) * tile + share * 255 * colormaps["inferno"](large)[..., :3]
    return np.rint(mixed).astype(np.uint8)


def of_picture(
    heat: NDArray[np.floating], seen: NDArray[np.floating], height: int, width: int
) -> NDArray[np.floating] | None:
    """Cuts from a map of what the network sees the part that shows the picture.

    Args:
        heat: (side, side).
        seen: the prepared picture, (channels, side, side), padded to a square in its middle.
        height: of the picture, pixels.
        width: of the picture, pixels.

    Returns:
        The part; None where the network sees the picture in another way.
    """
    side = seen.shape[1]
    if seen.shape[2] != side or heat.shape != (side, side):
        return None
    scale = side / max(height, width)
    rows, columns = max(1, round(height * scale)), max(1, round(width * scale))
    top, left = (side - rows) // 2, (side - columns) // 2
    part = (slice(top, top + rows), slice(left, left + columns))
    margin = np.ones((side, side), dtype=bool)
    margin[part] = False
    # A pixel more on each side: the network's size may be rounded the other way.
    margin &= ~binary_dilation(~margin)
    padding = seen[:, margin]
    return heat[part] if not padding.size or (padding == padding[:, :1]).all() else None


def mask_colours(labels: Sequence[str], own: Sequence[Sequence[int]]) -> dict[int, Colour]:
    """Gives each class of a mask its colour, the data's own where they have some.

    Args:
        labels: names of the classes, the background first, which has none.
        own: red, green, blue of each index; may be empty.
    """
    given = {index: (each[0], each[1], each[2]) for index, each in enumerate(own)}
    return {
        index: given.get(index, PALETTE[(index - 1) % len(PALETTE)])
        for index in range(1, len(labels))
    }


def view(pixels: NDArray[np.uint8], alt: str, caption: str) -> View:
    """Makes a picture of the page.

    Args:
        pixels: (h, w, 3).
        alt: what it shows, in words.
        caption: what is said below it.
    """
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=_QUALITY)
    return View(
        "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode(), alt, caption
    )
