"""One image of a dataset folder as a tile: fitted, outlined and captioned."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from pipelines.datasets.dataset import Dataset, Item
from pipelines.datasets.exports.letterbox import fitted
from pipelines.datasets.exports.stored import read_image, read_mask
from pipelines.errors import InputError
from pipelines.preview.colours import Colour
from pipelines.preview.contact_sheet import Tile
from pipelines.preview.outlines import outlined, pen_of
from pipelines.preview.window import shown, window_of


class Loaded(NamedTuple):
    """A tile, and what the sheet says about it.

    Attributes:
        tile: the tile.
        classes: indices of the classes in its mask; of a classification, the class.
        deep: whether the image has 16 bits.
        problem: why the image or its mask cannot be drawn, or nothing.
    """

    tile: Tile
    classes: frozenset[int]
    deep: bool
    problem: str = ""


def load_tile(
    dataset: Dataset, item: Item, colours: Mapping[int, Colour], size: int, mixed: bool
) -> Loaded:
    """Reads an image with its mask and makes the tile.

    Args:
        dataset: the dataset.
        item: one of its entries.
        colours: class index to colour.
        size: longer side of the tile, pixels.
        mixed: whether the sheet mixes classes, so that the caption names the class.

    Returns:
        The tile; an image of 16 bits is shown in the window of its percentiles. Where the image
        cannot be read there is an empty tile, and where its mask cannot be used the image alone:
        what an audit found wrong must be there to be looked at.
    """
    try:
        pixels = read_image(dataset.folder / item["image"], dataset.channels)
    except InputError as error:
        caption = (*caption_of(dataset, item, mixed), "cannot be read")
        return Loaded(Tile(_empty(item, size), caption), frozenset(), False, str(error))
    deep = pixels.dtype != np.uint8
    picture = fit(shown(pixels, window_of(pixels)), size)
    caption = caption_of(dataset, item, mixed, deep)
    bar = None if dataset.task == "segmentation" else colours.get(int(item["label"]))
    try:
        mask = _mask(dataset, item, pixels.shape[:2])
    except InputError as error:
        caption = (*caption, "mask cannot be drawn")
        return Loaded(Tile(picture, caption, bar), frozenset(), deep, str(error))
    if mask is not None:
        picture = outlined(picture, mask, colours, pen_of(size, len(colours)))
    classes = {int(item["label"])} if mask is None else set(np.unique(mask).tolist())
    return Loaded(Tile(picture, caption, bar), frozenset(classes), deep)


def _empty(item: Item, size: int) -> NDArray[np.uint8]:
    """Gives a grey tile, crossed out, of the size that the image would have."""
    height, width = fitted(item["height"], item["width"], size)
    tile = Image.new("RGB", (width, height), (150, 150, 150))
    pen = ImageDraw.Draw(tile)
    pen.line((0, 0, width - 1, height - 1), fill=(90, 90, 90), width=2)
    pen.line((0, height - 1, width - 1, 0), fill=(90, 90, 90), width=2)
    return np.asarray(tile)


def caption_of(
    dataset: Dataset, item: Item, mixed: bool = False, deep: bool = False
) -> tuple[str, ...]:
    """Gives the lines below a tile: id; class; fold and group; size, bits and flags.

    Args:
        dataset: the dataset.
        item: one of its entries.
        mixed: whether to name the class.
        deep: whether the image has 16 bits.
    """
    parts = [
        f"{item['width']} x {item['height']}",
        "16 bit" if deep else "",
        item.get("flags", "").replace(",", ", "),
    ]
    lines = (
        dataset.resolved(item)["id"],
        item["class"] if mixed else "",
        f"fold {item['fold']} · {item['group']}",
        " · ".join(part for part in parts if part),
    )
    return tuple(line for line in lines if line)


def fit(pixels: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Fits a picture into a tile, its aspect kept.

    Args:
        pixels: (height, width) or (height, width, 3).
        size: what the longer side becomes, pixels.

    Returns:
        (h, w, 3).
    """
    height, width = fitted(pixels.shape[0], pixels.shape[1], size)
    image = Image.fromarray(pixels).convert("RGB")
    return np.asarray(image.resize((width, height), Image.Resampling.BICUBIC))


def _mask(dataset: Dataset, item: Item, shape: tuple[int, ...]) -> NDArray[Any] | None:
    """Reads the mask (height, width) of class indices, where the item has one."""
    if not isinstance(item["label"], str):
        return None
    return read_mask(Path(dataset.folder / item["label"]), len(dataset.labels), shape)
