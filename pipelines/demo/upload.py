"""A file that somebody gave: looked at before it is unpacked, and read as one or more pictures."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from PIL import Image

from pipelines.datasets import picture
from pipelines.datasets.sources.dicom_check import check_image
from pipelines.datasets.sources.dicom_frame import DicomFrame
from pipelines.datasets.sources.dicom_header import looks_like_dicom, read_header
from transforms.picture import PictureError

MIDDLE, FIRST, EVERY = "the middle one", "the first", "all"
FRAMES = (MIDDLE, FIRST, EVERY)
"""What is answered of a file of several frames."""

_MEGABYTE = 2**20
_BYTES = {"1": 1, "L": 1, "P": 3, "I;16": 2, "RGB": 3}  # of a pixel, by Pillow's mode


@dataclass(frozen=True)
class Given:
    """A picture that was given.

    Attributes:
        name: of the file, and the frame where it has several.
        source: reads it.
    """

    name: str
    source: Path | DicomFrame

    def read(self) -> NDArray[Any]:
        """Reads the pixels: (height, width) uint8 or uint16, or (height, width, 3) uint8; upright.

        Raises:
            PictureError: it cannot be decoded.
        """
        if isinstance(self.source, DicomFrame):
            return self.source.read(self.name).pixels
        return picture.read(self.source, self.name).pixels


def pictures_of(path: Path, name: str, frames: str, megabytes: float) -> Iterator[Given]:
    """Lists the pictures of a file; none is decoded yet.

    Args:
        path: the file.
        name: what it is called.
        frames: one of ``FRAMES``.
        megabytes: most that the file, and a picture of it unpacked, may have.

    Raises:
        PictureError: it is no picture, damaged, or too large.
    """
    check_bytes(path.stat().st_size, name, megabytes)
    if not looks_like_dicom(path):
        check_bytes(_unpacked(path), f"{name}, unpacked,", megabytes)
        yield Given(name, path)
        return
    header = read_header(path, name)
    check_image(header, name)
    elements = header.elements
    values = int(elements.Rows) * int(elements.Columns) * int(elements.get("SamplesPerPixel") or 1)
    check_bytes(values * int(elements.BitsAllocated) // 8, f"{name}, unpacked,", megabytes)
    for frame in _chosen(header.frames, frames):
        told = f", frame {frame + 1} of {header.frames}" if header.frames > 1 else ""
        yield Given(name + told, DicomFrame(path, frame))


def check_bytes(count: int, name: str, megabytes: float) -> None:
    """Refuses what is too large.

    Args:
        count: bytes.
        name: of what has so many.
        megabytes: most that it may have.

    Raises:
        PictureError: it has more.
    """
    if count > megabytes * _MEGABYTE:
        raise PictureError(
            f"{name} has {count / _MEGABYTE:.1f} MB; the limit is {megabytes:g} MB. Shrink it, or "
            "start the page with a larger --max-upload"
        )


def _chosen(count: int, frames: str) -> Sequence[int]:
    return {MIDDLE: [count // 2], FIRST: [0]}.get(frames, range(count))


def _unpacked(path: Path) -> int:
    """Bytes that a picture will have by its header; 0 without a header: reading says why."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path) as header:
                width, height = header.size
                return width * height * _BYTES.get(header.mode, 4)
    except Exception:  # whatever a broken header raises
        return 0
