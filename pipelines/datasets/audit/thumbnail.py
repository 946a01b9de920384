"""A small picture for a page: the image as a data URI, the outline of its mask as an SVG path."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from skimage.measure import approximate_polygon

from pipelines.contours import outline
from pipelines.datasets.audit.appearance import eight_bits
from pipelines.datasets.audit.mask_shape import regions
from pipelines.datasets.audit.measure import read_pixels, read_values
from pipelines.datasets.dataset import Item
from pipelines.datasets.parallel import mapped
from pipelines.errors import InputError
from pipelines.progress import counting
from transforms.picture import PictureError

SIDE = 192
"""Pixels of the longer side: twice what is shown, for fine screens."""

_QUALITY = 72  # of the JPEG: about 5 kB of a small grey picture
_TOLERANCE = 0.5  # pixels of the small picture by which an outline may be off
_POINTS = 1500  # of the outlines of one picture; the smallest parts go first
_DAMAGE = (InputError, PictureError, OSError, MemoryError)


@dataclass(frozen=True)
class Thumbnail:
    """A small picture.

    Attributes:
        width: pixels.
        height: pixels.
        uri: the picture as a data URI; empty where it cannot be read.
        outline: the border of the mask as an SVG path in these pixels, or empty.
    """

    width: int = SIDE
    height: int = SIDE
    uri: str = ""
    outline: str = ""


def draw_thumbnails(
    folder: Path, items: Sequence[Item], workers: int, outlined: frozenset[str] = frozenset()
) -> dict[str, Thumbnail]:
    """Draws small pictures on all cores.

    Args:
        folder: the dataset folder.
        items: the entries to draw.
        workers: number of processes; it changes nothing else.
        outlined: paths of the images whose masks are outlined.

    Returns:
        Path in the folder to picture.
    """
    draw = partial(draw_one, folder=folder, outlined=outlined)
    drawn: dict[str, Thumbnail] = {}
    with mapped(draw, items, workers) as results, counting("drawing") as report:
        for item, thumbnail in zip(items, results, strict=True):
            drawn[item["image"]] = thumbnail
            report(len(drawn), len(items))
    return drawn


def draw_one(item: Item, folder: Path, outlined: frozenset[str]) -> Thumbnail:
    """Draws one small picture; of an image that cannot be read, an empty one.

    Args:
        item: its entry in dataset.json.
        folder: the dataset folder.
        outlined: paths of the images whose masks are outlined.

    Returns:
        The picture.
    """
    try:
        shown = eight_bits(read_pixels(folder / item["image"], item["image"]))
    except _DAMAGE:
        return Thumbnail()
    image = Image.fromarray(shown)
    image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    path = ""
    if item["image"] in outlined and isinstance(item["label"], str):
        path = _outline(folder / item["label"], item["label"], image.size)
    return Thumbnail(*image.size, _uri(image), path)


def _uri(image: Image.Image) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=_QUALITY)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()


def _outline(path: Path, name: str, size: tuple[int, int]) -> str:
    """Traces the borders of all classes of a mask but the first, scaled to a picture's size."""
    try:
        values = read_values(path, name)
    except _DAMAGE:
        return ""
    scale = np.array([size[1] / values.shape[0], size[0] / values.shape[1]])
    borders = [line for region in regions(values) for line in outline(region)]
    return svg_path([_simplified((line + 0.5) * scale) for line in borders])


def _simplified(line: NDArray[np.float64]) -> NDArray[np.float64]:
    """Leaves points of a closed line out that nobody sees; a speck stays what it is."""
    plain: NDArray[np.float64] = approximate_polygon(line, _TOLERANCE)
    return plain if len(plain) > 3 else line


def svg_path(lines: Sequence[NDArray[Any]]) -> str:
    """Writes closed lines as an SVG path, the longest ones where there are too many points.

    Args:
        lines: each (points, 2): row and column.

    Returns:
        The value of the attribute ``d``.
    """
    parts: list[str] = []
    points = 0
    for line in sorted(lines, key=len, reverse=True):
        points += len(line)
        if points > _POINTS and parts:
            break
        parts.append("M" + "L".join(f"{x:.1f} {y:.1f}" for y, x in line[:-1]) + "Z")
    return "".join(parts)
