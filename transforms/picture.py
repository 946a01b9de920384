"""Decode one picture file, upright, to an array: every mode and orientation that people have."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".gif", ".webp")
"""Suffixes (lower case) of the picture files that are read."""

_DEEP_MODES = ("I", "I;16", "I;16B", "I;16L", "F")
_INDEX_MODES = ("1", "L", "P", "I", "I;16", "I;16B", "I;16L")
_PNG = b"\x89PNG"
_PNG_DEPTH = 24  # the byte of a PNG that holds the bits of a channel
_TIFF_DEPTHS = 258  # the tag of a TIFF that does
_DAMAGE = (  # what Pillow's decoders raise over broken files
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)


class PictureError(ValueError):
    """A picture file that cannot be used; the message names it, what is wrong and what to do."""


def open_upright(path: str | Path, name: str | None = None) -> Image.Image:
    """Open and fully decode a picture, turned as its EXIF orientation says.

    Args:
        path: a single-frame picture file.
        name: what messages call it, such as ``mask "a_mask.png"``; without it, its path.

    Returns:
        The decoded image, (height, width) as a viewer shows it, in the mode of the file.

    Raises:
        PictureError: no such file, empty, not a picture, truncated, damaged, of several frames, or
            in colour of 16 bits a channel.
    """
    name = name or str(path)
    content = _content(Path(path), name)
    try:
        if content.startswith(_PNG):
            # Decoding alone stops at the last pixel and lets a flipped bit in the data pass.
            Image.open(io.BytesIO(content)).verify()
        # Not from the path: Pillow maps a plain TIFF into memory then, and tears a turned one.
        image = Image.open(io.BytesIO(content))
        image.load()
        frames = getattr(image, "n_frames", 1)
        ImageOps.exif_transpose(image, in_place=True)
    except UnidentifiedImageError:
        if content.startswith(_PNG):
            raise PictureError(_damaged(name, "no PNG header")) from None
        raise PictureError(f"{name} is not a picture file, whatever its name says") from None
    except Image.DecompressionBombError:
        raise PictureError(
            f"{name} has more than {2 * (Image.MAX_IMAGE_PIXELS or 0)} pixels by its header, which "
            "is the limit; shrink it, or take it out"
        ) from None
    except _DAMAGE as error:
        raise PictureError(_damaged(name, error)) from error
    if frames != 1:
        raise PictureError(
            f"{name} holds {frames} frames; expected a single picture. Split it first"
        )
    if _loses_bits(image, content):
        raise PictureError(
            f"{name} has 16 bits in each colour channel, of which 8 would be lost unseen; expected "
            "8 bits. Export it with 8 bits a channel"
        )
    return image


def _loses_bits(image: Image.Image, content: bytes) -> bool:
    """Tells whether the file has 16 bits a channel, where Pillow decodes only the upper 8."""
    if image.mode in _DEEP_MODES:
        return False
    if content.startswith(_PNG):
        return content[_PNG_DEPTH] == 16
    depths = getattr(image, "tag_v2", {}).get(_TIFF_DEPTHS, ())
    return max(depths, default=8) > 8


def _content(path: Path, name: str) -> bytes:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise PictureError(f"{name} does not exist; expected a picture file") from None
    except OSError as error:
        raise PictureError(f"{name} cannot be read: {error.strerror or error}") from error
    if not content:
        raise PictureError(f"{name} is empty (0 bytes). Export it again or take it out")
    return content


def _damaged(name: str, reason: object) -> str:
    return f"{name} is truncated or damaged ({reason}). Export it again or take it out"


def to_grey(image: Image.Image) -> np.ndarray:
    """Turn a picture of any mode into one grey channel.

    Colours become luma (ITU-R BT.601, as Pillow computes it; equal channels stay exact),
    transparent parts black, palette indices the colours they stand for. Deep images (16 or 32 bit)
    keep their values.

    Args:
        image: a picture of any Pillow mode.

    Returns:
        (height, width) array: uint8 in [0, 255], or the file's own deep dtype and values.

    Raises:
        PictureError: a mode that has no grey value, such as LAB.
    """
    if image.mode in _DEEP_MODES:
        return np.asarray(image)
    try:
        return np.asarray(on_black(image).convert("L"))
    except ValueError:
        raise PictureError(f"a picture of mode {image.mode} has no grey; expected RGB") from None


def to_rgb(image: Image.Image) -> np.ndarray:
    """Turn a picture of any mode into red, green and blue.

    Transparent parts become black, palette indices the colours that they stand for; a grey picture
    gives three equal channels, which keep the values of a deep one (16 or 32 bit).

    Args:
        image: a picture of any Pillow mode.

    Returns:
        (height, width, 3) array: uint8 in [0, 255], or the file's own deep dtype and values.

    Raises:
        PictureError: a mode that cannot become RGB, such as premultiplied La.
    """
    if image.mode in _DEEP_MODES:
        return np.stack([np.asarray(image)] * 3, axis=-1)
    try:
        return np.asarray(on_black(image).convert("RGB"))
    except ValueError:
        raise PictureError(f"a picture of mode {image.mode} has no RGB; expected RGB") from None


def to_rgb8(image: Image.Image) -> np.ndarray:
    """Turn a picture into red, green and blue of 8 bits, so that a level is the same in all files.

    Args:
        image: a picture of any Pillow mode, not deep.

    Returns:
        (height, width, 3) array, uint8; see :func:`to_rgb`.

    Raises:
        PictureError: a deep picture (16 or 32 bit), or a mode that cannot become RGB.
    """
    return rgb8(to_rgb(image))


def rgb8(array: np.ndarray) -> np.ndarray:
    """Take values of 8 bits as they are, and refuse what would have to be scaled.

    Args:
        array: (height, width, 3).

    Raises:
        PictureError: a value is no whole number from 0 to 255, or the type is of 16 bits.
    """
    if array.dtype == np.uint8:
        return array
    if array.dtype == np.uint16 or array.min() < 0 or array.max() > 255:
        raise PictureError(
            f"a picture with values from {array.min():g} to {array.max():g}, of more than 8 bits; "
            "expected 0 to 255. Export it with 8 bits a channel"
        )
    whole = array.astype(np.uint8)
    if (whole != array).any():
        raise PictureError("a picture of fractions; expected whole numbers from 0 to 255")
    return whole


def on_black(image: Image.Image) -> Image.Image:
    """Give the image as viewers show it on a black ground: opaque; unchanged where it is so."""
    if not image.has_transparency_data:
        return image
    rgba = image.convert("RGBA")
    ground = Image.new("RGBA", rgba.size, "black")
    return Image.alpha_composite(ground, rgba).convert("RGB")


def to_indices(image: Image.Image) -> np.ndarray:
    """Class indices of a mask: the palette's indices, or the grey values as they stand.

    Args:
        image: a mask of mode ``1``, ``L``, ``P``, ``I;16`` or ``I``.

    Returns:
        (height, width) integer array of class indices.

    Raises:
        PictureError: a mask with several channels, or of fractions.
    """
    if image.mode not in _INDEX_MODES:
        raise PictureError(
            f"a mask of mode {image.mode} has no indices; expected a grey or palette one"
        )
    indices = np.asarray(image)
    return indices.astype(np.uint8) if image.mode == "1" else indices
