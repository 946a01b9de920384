"""An image in a picture file of its own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipelines.datasets import picture
from pipelines.datasets.sources.source import Picture


@dataclass(frozen=True, slots=True)
class PictureFile:
    """A picture file (PNG, JPEG, TIFF, BMP, GIF, WebP); see ``pipelines.datasets.picture``.

    Attributes:
        path: the file.
    """

    path: Path

    def read(self, name: str) -> Picture:
        """Reads the file upright: (height, width) where it is grey, else (height, width, 3).

        Args:
            name: what messages call it.

        Returns:
            The picture: uint8, or uint16 where the file has deeper grey.

        Raises:
            PictureError: it cannot be read, is too large, has neither grey nor colours, or values
                that do not fit 16 bits.
        """
        return picture.read(self.path, name)

    def pictures(self) -> tuple[Path, ...]:
        """Lists the picture files that hold the pixels."""
        return (self.path,)
