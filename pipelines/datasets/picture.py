"""The pictures of a dataset: grey of 8 or 16 bits, or RGB of 8 bits, written as PNG."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipelines.datasets.sources.source import Picture, check_pixels
from transforms.picture import PictureError, on_black, open_upright

COLOUR = "colour"  # the flag of a picture that was not grey
COLOURFUL = "colourful"  # the flag of one with more colour than marks and overlays have
LEAST_COLOURED = 0.2
"""Share of coloured pixels from which a picture is colourful. Marks in breast ultrasound colour up
to 0.01 of it, photographs a third."""
_CHROMA = 40  # levels between the channels from which a pixel is coloured

# Ultrasound at level 4 takes a fifth less time than at Pillow's 6, for half a per cent more.
COMPRESSION = 4

_DEEP_MODES = ("I", "I;16", "I;16B", "I;16L", "F")
_LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601, as Pillow computes it


def read(path: Path, name: str) -> Picture:
    """Reads a picture file upright, grey where it is, else RGB.

    Args:
        path: the file.
        name: what messages call it, such as ``image "benign/benign (1).png"``.

    Returns:
        The picture: (height, width) uint8 where all channels are equal, or uint16 where the file
        has deeper grey; else (height, width, 3) uint8. Transparent parts are black, and told where
        they are wholly so.

    Raises:
        PictureError: the file cannot be read, is too large, has no colours that a screen could
            show, or values that do not fit 16 bits.
    """
    image = opened(path, name)
    if image.mode in _DEEP_MODES:
        return Picture(_sixteen_bits(np.asarray(image), name))
    shown, clear = on_black(image), _clear(image)
    if shown.mode in ("1", "L"):
        return Picture(np.asarray(shown.convert("L")), clear=clear)
    try:
        coloured = shown.convert("RGB")
    except ValueError:
        raise PictureError(
            f"{name}: a picture of mode {image.mode} has no grey; expected RGB"
        ) from None
    return Picture(np.asarray(equal_channel(coloured) or coloured), clear=clear)


def _clear(image: Image.Image) -> NDArray[np.bool_] | None:
    """Tells where a picture is wholly transparent; nothing where it is so nowhere."""
    if not image.has_transparency_data:
        return None
    clear = np.asarray(image.convert("RGBA").getchannel("A")) == 0
    return clear if clear.any() else None


def opened(path: Path, name: str) -> Image.Image:
    """Opens a picture file upright, after a look at the size that its header promises.

    Args:
        path: the file.
        name: what messages call it.

    Returns:
        The decoded image, in the mode of the file; see ``transforms.picture.open_upright``.

    Raises:
        PictureError: the file cannot be read as a single picture, or is too large.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        size = (0, 0)
        # Of any size: Pillow's own limit is another. open_upright says what else is wrong.
        with suppress(Exception), _any_size(), Image.open(path) as header:
            size = header.size
        check_pixels(*size, name)
        return open_upright(path, name)


@contextmanager
def _any_size() -> Iterator[None]:
    """Lets Pillow read headers of pictures of any size."""
    limit = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = None
    try:
        yield
    finally:
        Image.MAX_IMAGE_PIXELS = limit


def to_grey(pixels: NDArray[Any]) -> NDArray[Any]:
    """Makes one grey channel: luma of colours.

    Args:
        pixels: (height, width) or (height, width, 3), uint8 or uint16.

    Returns:
        (height, width) of the same dtype; equal channels stay exact.
    """
    if pixels.ndim == 2:
        return pixels
    if pixels.dtype == np.uint8:
        return np.asarray(Image.fromarray(pixels).convert("L"))
    luma = sum(weight * pixels[..., channel] for channel, weight in enumerate(_LUMA))
    return np.rint(luma).astype(pixels.dtype)


def to_rgb(pixels: NDArray[Any], name: str) -> NDArray[np.uint8]:
    """Makes three channels: grey becomes three equal ones.

    Args:
        pixels: (height, width) or (height, width, 3).
        name: what messages call the picture.

    Returns:
        (height, width, 3), uint8.

    Raises:
        PictureError: the picture is deeper than 8 bits, which RGB cannot keep.
    """
    if pixels.dtype != np.uint8:
        raise PictureError(
            f"{name} has 16 bits, which a colour dataset cannot keep; convert with --grey, or "
            "export it with 8 bits"
        )
    return pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2)


def coloured_share(pixels: NDArray[Any]) -> float:
    """Gives the share of a picture that is clearly coloured.

    Args:
        pixels: (height, width), or (height, width, 3) uint8; of a large one some rows and columns
            are looked at.

    Returns:
        0 (grey) to 1.
    """
    if pixels.ndim == 2:
        return 0.0
    step = 1 + max(pixels.shape) // 512
    seen = pixels[::step, ::step].astype(np.int16)
    return float((seen.max(axis=2) - seen.min(axis=2) >= _CHROMA).mean())


def equal_channel(image: Image.Image) -> Image.Image | None:
    """Gives the channel of an RGB image whose three channels are equal, else nothing."""
    red, green, blue = image.split()
    data = red.tobytes()
    return red if data == green.tobytes() and data == blue.tobytes() else None


def png(pixels: NDArray[Any]) -> bytes:
    """Encodes a picture as PNG.

    Args:
        pixels: (height, width) uint8 or uint16, or (height, width, 3) uint8.

    Returns:
        The bytes of the file; the same pixels give the same bytes.
    """
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=COMPRESSION)
    return buffer.getvalue()


def _sixteen_bits(values: NDArray[Any], name: str) -> NDArray[np.uint16]:
    """Keeps whole numbers of 16 bits as they are, and refuses what would have to be scaled."""
    whole = values.astype(np.uint16) if values.min() >= 0 and values.max() <= 65535 else None
    if whole is None or (whole != values).any():
        raise PictureError(
            f"{name} holds values from {values.min():g} to {values.max():g} that are no whole "
            "numbers of 16 bits; expected an 8-bit or 16-bit picture. Export it as one"
        )
    return whole
