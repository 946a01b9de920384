"""Picture files: read them upright, as one grey channel, and write them as PNG."""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from pipelines.errors import InputError

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff"})

COLOUR = "colour"  # the flag of a picture that was not grey

# Ultrasound at level 4 takes a fifth less time than at Pillow's 6, for half a per cent more.
COMPRESSION = 4

_MAGIC = b"\x89PNG"
_DAMAGE = (
    OSError,
    EOFError,
    SyntaxError,
    ValueError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)


@dataclass(frozen=True)
class Picture:
    """A decoded picture.

    Attributes:
        pixels: grey values (height, width), upright, uint8 or (where the source has it) uint16.
        flags: what a reader should know: ``colour`` where the source was not grey.
    """

    pixels: NDArray[Any]
    flags: tuple[str, ...] = ()


def open_upright(path: Path, name: str) -> Image.Image:
    """Reads a picture file whole, with its EXIF orientation applied.

    Args:
        path: the file.
        name: what messages call it, such as ``image "benign/benign (1).png"``.

    Returns:
        The decoded image.

    Raises:
        InputError: the file is missing, empty, truncated, damaged, no picture, or holds several.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{name} cannot be read: {error.strerror}") from None
    if not data:
        raise InputError(f"{name} is empty (0 bytes)")
    try:
        if data.startswith(_MAGIC):
            # Decoding alone stops at the last pixel and lets a flipped bit in the data pass.
            Image.open(io.BytesIO(data)).verify()
        image = Image.open(io.BytesIO(data))
        image.load()
        frames = getattr(image, "n_frames", 1)
        ImageOps.exif_transpose(image, in_place=True)
    except UnidentifiedImageError:
        if data.startswith(_MAGIC):
            raise InputError(f"{name} is truncated or damaged (no PNG header)") from None
        raise InputError(f"{name} is not a picture file, whatever its name says") from None
    except _DAMAGE as error:
        raise InputError(f"{name} is truncated or damaged ({error})") from None
    if frames > 1:
        raise InputError(f"{name} holds {frames} pictures; expected one")
    return image


def grey(image: Image.Image, name: str) -> Picture:
    """Gives the one grey channel of an image.

    Colour becomes luma (ITU-R 601-2) and is flagged; equal channels are grey and stay exact. What
    is transparent is shown on black, as viewers show it.

    Args:
        image: any image that Pillow reads.
        name: what messages call it.

    Returns:
        The picture.

    Raises:
        InputError: the values do not fit 16 bits.
    """
    if image.mode == "L":
        return Picture(np.asarray(image))
    if image.mode.startswith("I") or image.mode == "F":
        return Picture(_deep(np.asarray(image), name))
    colour = _on_black(image)
    channel = equal_channel(colour)
    if channel is not None:
        return Picture(np.asarray(channel))
    return Picture(np.asarray(colour.convert("L")), (COLOUR,))


def equal_channel(image: Image.Image) -> Image.Image | None:
    """Gives the channel of an RGB image whose three channels are equal, else nothing."""
    red, green, blue = image.split()
    data = red.tobytes()
    return red if data == green.tobytes() and data == blue.tobytes() else None


def read(path: Path, name: str) -> Picture:
    """Reads a picture file upright, as one grey channel.

    Args:
        path: the file.
        name: what messages call it.

    Returns:
        The picture.

    Raises:
        InputError: see ``open_upright`` and ``grey``.
    """
    return grey(open_upright(path, name), name)


def png(pixels: NDArray[Any]) -> bytes:
    """Encodes grey values as PNG.

    Args:
        pixels: values (height, width), uint8 or uint16.

    Returns:
        The bytes of the file; the same pixels give the same bytes.
    """
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=COMPRESSION)
    return buffer.getvalue()


def _deep(values: NDArray[Any], name: str) -> NDArray[np.uint16]:
    """Keeps whole numbers of 16 bits as they are, and refuses what would have to be scaled."""
    whole = values.astype(np.uint16) if values.min() >= 0 and values.max() <= 65535 else None
    if whole is None or (whole != values).any():
        raise InputError(
            f"{name} holds values from {values.min():g} to {values.max():g} that are no whole "
            "numbers of 16 bits; expected an 8-bit or 16-bit picture"
        )
    return whole


def _on_black(image: Image.Image) -> Image.Image:
    """Converts to RGB; transparent parts show a black ground."""
    if not image.has_transparency_data:
        return image.convert("RGB")
    image = image.convert("RGBA")
    ground = Image.new("RGBA", image.size, "black")
    return Image.alpha_composite(ground, image).convert("RGB")
