"""An image and its mask that are turned differently by the EXIF orientations of their files."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Protocol, runtime_checkable

from PIL import ExifTags, Image
from PIL.TiffImagePlugin import IMAGELENGTH, IMAGEWIDTH, TiffImageFile

UPRIGHT = 1  # the EXIF orientation of a picture that viewers show as it is stored

_PNG = b"\x89PNG"
# Chunks of a PNG that may hold an orientation. Without any, Pillow would decode the picture to
# look for one behind the pixels.
_TELLING = (b"eXIf", b"tEXt", b"zTXt", b"iTXt")

Stored = tuple[int, tuple[int, int]]
"""The EXIF orientation of a file, 1 to 8, and its size (width, height) before it is turned."""


@runtime_checkable
class OfPictures(Protocol):
    """A source that reads picture files, of which viewers may turn some."""

    def pictures(self) -> tuple[Path, ...]:
        """Lists the picture files that hold the pixels."""
        ...


def stored(path: Path) -> Stored | None:
    """Reads how a picture file is stored; of most, the header only.

    Args:
        path: the file.

    Returns:
        Its EXIF orientation and its size; nothing where it cannot be read.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path) as image:
                return (_orientation(path, image), _size(image))
    except Exception:  # a broken header makes Pillow raise nearly anything; reading it names it
        return None


def _orientation(path: Path, image: Image.Image) -> int:
    if image.format == "PNG":
        content = path.read_bytes()
        if not any(name in content for name in _TELLING):
            return UPRIGHT
    found = image.getexif().get(ExifTags.Base.Orientation, UPRIGHT)
    return int(found) if found in range(1, 9) else UPRIGHT


def _size(image: Image.Image) -> tuple[int, int]:
    """Gives the size as stored; Pillow tells that of a turned TIFF as it will be when turned."""
    if isinstance(image, TiffImageFile):
        return image.tag_v2[IMAGEWIDTH], image.tag_v2[IMAGELENGTH]
    return image.size


def turned_apart(image: object, mask: object) -> list[str]:
    """Says where an image and a mask are turned differently, and nobody can tell which is meant.

    Viewers show both as their EXIF orientations say. A mask that has another than its image, and
    the size of the stored pixels, was drawn on these or on what a viewer shows.

    Args:
        image: the source of the image.
        mask: the source of its mask.

    Returns:
        The end of a sentence that names the image, for each such file of the mask; nothing where
        the orientations are equal, the sizes fit only as viewers show them, or one of the sources
        reads no picture files.
    """
    if not (isinstance(image, OfPictures) and isinstance(mask, OfPictures)):
        return []
    lines = []
    for drawn in image.pictures():
        here = stored(drawn)
        for path in mask.pictures():
            there = stored(path)
            if here and there and here[0] != there[0] and here[1] == there[1]:
                both = _shown(here) == _shown(there)
                lines.append(f"{_apart(here[0], there[0], path.name)}{_remedy(both)}")
    return lines


def _shown(picture: Stored) -> tuple[int, int]:
    """Gives the size at which viewers show a picture; orientations 5 to 8 lay it on its side."""
    orientation, (width, height) = picture
    return (height, width) if orientation > 4 else (width, height)


def _apart(image: int, mask: int, name: str) -> str:
    """Says how the two are turned."""
    if mask == UPRIGHT:
        return f'is turned by its EXIF orientation {image}, its mask "{name}" is not'
    if image == UPRIGHT:
        return f'is not turned, its mask "{name}" is, by the EXIF orientation {mask}'
    return f'is turned by its EXIF orientation {image}, its mask "{name}" by another, {mask}'


def _remedy(both: bool) -> str:
    """Says what to do, where the sizes fit both as stored and as shown, or only as stored."""
    if not both:
        return "; they fit as stored only: take the orientation off (exiftool -Orientation= FILE)"
    return (
        ": save the turned one upright (mogrify -auto-orient FILE) if they fit as viewers show "
        "them, or take the orientation off (exiftool -Orientation= FILE) if they fit as stored"
    )
