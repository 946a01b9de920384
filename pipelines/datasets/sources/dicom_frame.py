"""One frame of a DICOM file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.pixels import get_decoder, pixel_array
from pydicom.uid import UID

from pipelines.datasets.sources.dicom_check import GREY, check_image, decoding_package
from pipelines.datasets.sources.dicom_colour import to_colour
from pipelines.datasets.sources.dicom_functional_groups import of_frame
from pipelines.datasets.sources.dicom_grey import to_grey
from pipelines.datasets.sources.dicom_header import Header, damage_named, read_header
from pipelines.datasets.sources.dicom_spacing import spacing
from pipelines.datasets.sources.source import Picture
from pipelines.errors import first_line
from transforms.picture import PictureError


@dataclass(frozen=True, slots=True)
class DicomFrame:
    """A frame of a DICOM file, as a viewer shows it.

    See ``dicom_grey`` for windows and MONOCHROME1, ``dicom_colour`` for RGB, YBR and palettes,
    ``dicom_spacing`` for the spacing. Rows and columns stay as they are stored.

    Attributes:
        path: the file.
        frame: index of the frame, from 0.
        window: index of the view that grey is windowed by, or nothing for none.
        bits: 8, or 16 to keep the depth of grey that is stored in more than 8 bits.
    """

    path: Path
    frame: int = 0
    window: int | None = 0
    bits: int = 8

    def read(self, name: str) -> Picture:
        """Reads the frame.

        Args:
            name: what messages call it.

        Returns:
            The picture: (height, width) uint8 or uint16, or (height, width, 3) uint8 where it has
            colours, with its spacing.

        Raises:
            PictureError: the file cannot be read or decoded.
        """
        header = read_header(self.path, name)
        check_image(header, name)
        with damage_named(name):
            elements = of_frame(header.elements, self.frame)
            stored = self._decoded(header, name)
            if elements.PhotometricInterpretation in GREY:
                pixels = to_grey(stored, elements, self.window, self.bits, name)
            else:
                pixels = to_colour(stored, elements, name)
            return Picture(pixels, spacing=spacing(elements))

    def _decoded(self, header: Header, name: str) -> NDArray[Any]:
        """Gives the stored values of the frame alone."""
        if self.frame >= header.frames:
            raise PictureError(f"{name}: the file has {header.frames} frames only")
        try:
            stored = self._array()
        except (RuntimeError, NotImplementedError) as error:
            if header.is_plain or isinstance(error, RecursionError):
                raise
            raise PictureError(f"{name} {_broken(error, header.syntax)}") from error
        size = (int(header.elements.Rows), int(header.elements.Columns))
        if stored.shape[:2] != size:
            raise PictureError(
                f"{name} decodes to {stored.shape[:2]} rows and columns; expected {size} by its "
                "header. Export it again or take it out"
            )
        return stored

    def _array(self) -> NDArray[Any]:
        """Decodes the frame: only its bytes, or, where pydicom misses them, those of the file."""
        try:
            return pixel_array(self.path, index=self.frame)
        except ValueError:
            return pixel_array(dcmread(self.path), index=self.frame)


def _broken(error: Exception, syntax: UID) -> str:
    """Says that what was compressed is damaged, and what else would decode it if it is not."""
    reason = str(error).splitlines()[-1].strip() or first_line(error)
    reason = re.sub(r" *<[^>]*>", "", reason)[:200]  # without addresses in memory
    package = decoding_package(syntax.name)
    another = package and package.split()[0] not in get_decoder(syntax).available_plugins
    hint = f". If a viewer shows it, run pip install {package}" if another else ""
    return f"is truncated or damaged ({reason}). Export it again or take it out{hint}"
