"""Mask files: check their values and make class indices of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipelines.datasets.picture import equal_channel, opened
from pipelines.errors import InputError

_SHOWN = 8  # distinct values that a message lists before it only counts them


def read(path: Path, name: str, mapping: Mapping[int, int] | None = None) -> NDArray[np.uint8]:
    """Reads the mask of one structure: 0 is background, 255 (or 1) the structure.

    Args:
        path: the file; two-valued, grey, palette, RGB with equal channels, or opaque RGBA.
        name: what messages call it, such as ``mask "benign (1)_mask.png"``.
        mapping: other values that may occur, each with its class index.

    Returns:
        Class indices (height, width), uint8.

    Raises:
        PictureError: the file cannot be read as a picture, or is too large.
        InputError: it holds other values, colours or transparency.
    """
    values = levels(opened(path, name), name)
    return to_indices(values, name, mapping or {})


def merge(masks: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Merges masks (height, width) of one image by their maximum."""
    return np.maximum.reduce(masks) if len(masks) > 1 else masks[0]


def levels(image: Image.Image, name: str) -> NDArray[Any]:
    """Gives the values of a mask file as one channel.

    Args:
        image: the mask.
        name: what messages call it.

    Returns:
        Values (height, width), uint8 or wider; a two-valued image gives 0 and 255.

    Raises:
        InputError: the mask is coloured, or its transparency carries something.
    """
    if image.mode in ("L", "1"):
        return np.asarray(image.convert("L"))
    if image.mode.startswith("I") or image.mode == "F":
        return np.asarray(image)
    if image.mode == "P" and not _is_black_and_white(image):
        return np.asarray(image)
    if _see_through(image):
        raise InputError(
            f"{name} is partly transparent; expected opaque values 0 and 255. Export it without "
            "an alpha channel"
        )
    channel = None
    with suppress(ValueError):  # LAB has no way to RGB
        channel = equal_channel(image.convert("RGB"))
    if channel is None:
        raise InputError(
            f"{name} is coloured; expected grey values 0 and 255. Export the mask alone, white on "
            "black, or as a palette PNG whose indices are the classes"
        )
    return np.asarray(channel)


def to_indices(values: NDArray[Any], name: str, mapping: Mapping[int, int]) -> NDArray[np.uint8]:
    """Turns the values of a mask to class indices.

    Args:
        values: values (height, width).
        name: what messages call it.
        mapping: values to class indices, besides 0 to 0 and either 1 or 255 to 1.

    Returns:
        Class indices (height, width), uint8.

    Raises:
        InputError: a value is neither known nor mapped.
    """
    found = _distinct(values)
    unknown = [value for value in found if value not in mapping and value != 0]
    if unknown not in ([], [1], [255]):
        raise InputError(f"{name} {_unexpected(found, unknown, mapping)}")
    indices = np.zeros(values.shape, dtype=np.uint8)
    for value in found:
        index = mapping.get(int(value), int(value != 0))
        if index:
            indices[values == value] = index
    return indices


def _distinct(values: NDArray[Any]) -> list[Any]:
    """Lists the distinct values, ascending."""
    if values.dtype == np.uint8:  # counting is many times faster than sorting
        return np.flatnonzero(np.bincount(values.ravel(), minlength=256)).tolist()
    return np.unique(values).tolist()


def _see_through(image: Image.Image) -> bool:
    """Tells whether any pixel is not opaque."""
    alpha = image.convert("RGBA").getchannel("A") if image.has_transparency_data else None
    return alpha is not None and alpha.getextrema() != (255, 255)


def _is_black_and_white(image: Image.Image) -> bool:
    """Tells whether the used palette colours are only black and white.

    Then the colours are the mask, in whatever order the palette has them; else the palette is a
    colouring of class indices, and those are the mask.
    """
    used = _distinct(np.asarray(image))
    palette = image.getpalette() or []
    shades = {tuple(palette[3 * int(index) : 3 * int(index) + 3]) for index in used}
    return shades <= {(0, 0, 0), (255, 255, 255)}


def _unexpected(found: list[Any], unknown: list[Any], mapping: Mapping[int, int]) -> str:
    """Says which values a mask holds, and what to do."""
    expected = ", ".join(map(str, [0, *sorted(set(mapping) - {0})])) + " and 255"
    if len(found) > _SHOWN:
        listed = ", ".join(f"{value:g}" for value in found[:3])
        return (
            f"holds {len(found)} values ({listed}, …); expected {expected}. Smoothed edges come "
            "from resizing or JPEG: export the mask again without either"
        )
    listed = ", ".join(f"{value:g}" for value in found)
    remedy = "Export the mask again with whole numbers from 0"
    if all(value >= 0 and float(value).is_integer() for value in unknown):
        options = " ".join(f"--map {int(value)}=1" for value in unknown if value != 255)
        remedy = f"Map them with {options}"
    return f"holds the values {listed}; expected {expected}. {remedy}"
