"""Small pictures of single cases: the image in the page, outlines over it as lines."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from skimage.measure import approximate_polygon

from pipelines.contours import outline
from pipelines.datasets.audit.thumbnail import svg_path

SIDE = 320
"""Pixels of the longer side of a picture."""

_QUALITY = 78  # of the JPEG
_TOLERANCE = 0.4  # pixels of the picture by which an outline may be off


@dataclass(frozen=True)
class View:
    """A picture of a case.

    Attributes:
        uri: the image as a data URI.
        width: pixels.
        height: pixels.
        alt: what it shows, in words.
        outlines: style (``truth``, ``prediction``) to an SVG path in these pixels; empty paths are
            left out.
    """

    uri: str
    width: int
    height: int
    alt: str
    outlines: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PicturedCase:
    """A case that the page shows.

    Attributes:
        id: name of the image.
        lines: what is said below its pictures, the most important first.
        views: its pictures.
    """

    id: str
    lines: Sequence[str]
    views: Sequence[View]


def view(
    pixels: NDArray[np.uint8],
    alt: str,
    masks: Mapping[str, NDArray[np.bool_]] | None = None,
    exact: bool = False,
) -> View:
    """Makes a picture.

    Args:
        pixels: (height, width) or (height, width, 3), 8 bits, upright.
        alt: what it shows, in words.
        masks: style to mask (height, width), whose border is drawn.
        exact: whether the colours must stay as they are, as those of a map of classes do.
    """
    image = Image.fromarray(pixels)
    resample = Image.Resampling.NEAREST if exact else Image.Resampling.LANCZOS
    image.thumbnail((SIDE, SIDE), resample)
    scale = np.array([image.height / pixels.shape[0], image.width / pixels.shape[1]])
    paths = {name: _path(mask, scale) for name, mask in (masks or {}).items()}
    outlines = {name: path for name, path in paths.items() if path}
    return View(_uri(image, exact), image.width, image.height, alt, outlines)


def _path(mask: NDArray[np.bool_], scale: NDArray[np.float64]) -> str:
    return svg_path([_simplified((line + 0.5) * scale) for line in outline(mask)])


def _simplified(line: NDArray[np.float64]) -> NDArray[np.float64]:
    plain: NDArray[np.float64] = approximate_polygon(line, _TOLERANCE)
    return plain if len(plain) > 3 else line


def _uri(image: Image.Image, exact: bool) -> str:
    buffer = io.BytesIO()
    kind, options = ("PNG", {"optimize": True}) if exact else ("JPEG", {"quality": _QUALITY})
    palette = image.quantize(64) if exact and image.mode == "RGB" else image
    palette.save(buffer, kind, **options)  # type: ignore[arg-type]
    return f"data:image/{kind.lower()};base64," + base64.b64encode(buffer.getvalue()).decode()


def content_of(case: PicturedCase) -> dict[str, Any]:
    """Gives a case without its pictures, as report.json holds it."""
    return {"id": case.id, "lines": list(case.lines), "pictures": [v.alt for v in case.views]}
