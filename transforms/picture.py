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
_ALPHA_MODES = ("LA", "PA", "RGBA", "RGBa", "La")


_DAMAGE = (  # what Pillow's decoders raise over broken files
    ArithmeticError,
    AttributeError,
    LookupError,
    Image.DecompressionBombError,
    OSError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)


class PictureError(ValueError):
    """A picture file that cannot be decoded; the message names the file and what was expected."""


def open_upright(path: str | Path) -> Image.Image:
    """Open and fully decode a picture, turned as its EXIF orientation says.

    Args:
        path: a single-frame picture file.

    Returns:
        The decoded image, (height, width) as a viewer shows it, in the mode of the file.

    Raises:
        PictureError: no such file, not a picture, truncated, or of several frames.
    """
    try:
        # Not from the path: Pillow maps a plain TIFF into memory then, and tears a turned one.
        with Image.open(io.BytesIO(Path(path).read_bytes())) as image:
            upright = ImageOps.exif_transpose(image)
            frames = getattr(image, "n_frames", 1)
    except FileNotFoundError:
        raise PictureError(f"{path} does not exist; expected a picture file") from None
    except UnidentifiedImageError:
        raise PictureError(f"{path} cannot be read as a picture, whatever its name says") from None
    except _DAMAGE as error:
        raise PictureError(
            f"{path} cannot be read as a picture ({error}); the file is truncated or damaged. "
            "Export it again or take it out"
        ) from error
    if frames != 1:
        raise PictureError(
            f"{path} holds {frames} frames; expected a single picture. Split it first"
        )
    return upright


def to_grey(image: Image.Image) -> np.ndarray:
    """Turn a picture of any mode into one grey channel.

    Colours become luma (ITU-R BT.601, as Pillow computes it), transparent parts black, palette
    indices the colours they stand for. Deep images (16 or 32 bit) keep their values.

    Args:
        image: a picture of any Pillow mode.

    Returns:
        (height, width) array: uint8 in [0, 255], or the file's own deep dtype and values.

    Raises:
        PictureError: a mode that has no grey value, such as LAB.
    """
    if image.mode in _DEEP_MODES:
        return np.asarray(image)
    if image.mode in _ALPHA_MODES or "transparency" in image.info:
        rgba = image.convert("RGBA")
        black = Image.new("RGBA", rgba.size, (0, 0, 0, 255))
        image = Image.alpha_composite(black, rgba).convert("RGB")
    try:
        return np.asarray(image.convert("L"))
    except ValueError:
        raise PictureError(f"a picture of mode {image.mode} has no grey; expected RGB") from None


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
