"""One sample of a training as a picture: what a network gets, with the mask outlined."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipelines.datasets.exports.letterbox import fitted
from pipelines.preview.colours import Colour
from pipelines.preview.outlines import outlined, pen_of
from pipelines.preview.window import Window, shown


def sample_picture(
    sample: Mapping[str, Any], window: Window, colours: Mapping[int, Colour], size: int
) -> NDArray[np.uint8]:
    """Draws a sample.

    Args:
        sample: ``image`` (channel, height, width), and perhaps a mask ``label``.
        window: what is black, and what is white.
        colours: class index to colour.
        size: longer side of the picture, pixels; the sample's own pixels stay visible.

    Returns:
        (h, w, 3).
    """
    image = np.asarray(sample["image"], dtype=np.float64)
    picture = _enlarged(shown(_colours_last(image), window), size)
    mask = mask_of(sample.get("label"))
    return picture if mask is None else outlined(picture, mask, colours, pen_of(size, len(colours)))


def values_of(sample: Mapping[str, Any]) -> str:
    """Gives the lowest and the highest value of a sample's image."""
    image = np.asarray(sample["image"], dtype=np.float64)
    return f"{image.min():.2f} to {image.max():.2f}"


def mask_of(label: Any) -> NDArray[np.int64] | None:
    """Gives the class indices (height, width) of a label that is a mask, also of a one-hot one."""
    values = np.asarray(label)
    if values.ndim != 3:
        return None
    indices = values.argmax(axis=0) if values.shape[0] > 1 else np.rint(values[0])
    return indices.astype(np.int64)


def _colours_last(image: NDArray[np.float64]) -> NDArray[np.float64]:
    """Gives (height, width, 3) of three channels, else the first channel, (height, width)."""
    return np.moveaxis(image, 0, -1) if image.shape[0] == 3 else image[0]


def _enlarged(pixels: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Fits an input into a tile so that its own pixels stay visible, (h, w, 3)."""
    height, width = fitted(pixels.shape[0], pixels.shape[1], size)
    image = Image.fromarray(pixels).convert("RGB")
    return np.asarray(image.resize((width, height), Image.Resampling.BOX))
