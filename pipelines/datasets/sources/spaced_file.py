"""A picture file whose pixel spacing is written elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from pipelines.datasets.picture import read
from pipelines.datasets.sources.source import Picture


@dataclass(frozen=True, slots=True)
class SpacedFile:
    """A picture file with the spacing that a list gives it.

    Attributes:
        path: the file.
        spacing: millimetres per pixel (row, column).
    """

    path: Path
    spacing: tuple[float, float]

    def read(self, name: str) -> Picture:
        """Reads the file as ``PictureFile`` does, and adds the spacing.

        Args:
            name: what messages call it.

        Returns:
            The picture.

        Raises:
            PictureError: it cannot be read.
        """
        picture = read(self.path, name)
        return picture if picture.spacing else replace(picture, spacing=self.spacing)

    def pictures(self) -> tuple[Path, ...]:
        """Lists the picture files that hold the pixels."""
        return (self.path,)
