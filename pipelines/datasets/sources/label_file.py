"""Masks of several classes in picture files: one file for all classes, or one for each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipelines.datasets.picture import opened
from pipelines.datasets.sources.exif_orientation import UPRIGHT, stored
from pipelines.datasets.sources.label_edges import other_size, unlike_classes
from pipelines.datasets.sources.label_rule import LabelRule, check_exact, counted, grey
from pipelines.errors import InputError
from transforms.picture import PictureError


@dataclass(frozen=True)
class LabelFile:
    """A mask file that holds all classes.

    Attributes:
        path: the file.
        rule: what its values or colours mean.
        source: its path below the raw root, for messages.
        image: the picture that it belongs to, where its size may tell more of what is wrong.
    """

    path: Path
    rule: LabelRule
    source: str = ""
    image: Path | None = None

    def read(self, name: str) -> NDArray[np.uint8]:
        """Reads the class indices.

        Args:
            name: what messages call it.

        Returns:
            Class indices (height, width), uint8.

        Raises:
            PictureError: the file cannot be read as a picture, or is too large.
            InputError: it holds a value or colour without a class; see ``LabelRule.indices``.
        """
        mask = opened(self.path, name)
        try:
            return self.rule.indices(mask, name)
        except InputError as error:
            raise InputError(f"{error}{beside_image(mask.size, self.image)}") from None

    def pictures(self) -> tuple[Path, ...]:
        """Lists the picture files that hold the pixels."""
        return (self.path,)


def beside_image(size: tuple[int, int], image: Path | None) -> str:
    """Says, of a mask that is refused, whether its size is another than its image's, too.

    Args:
        size: of the mask (width, height), pixels.
        image: its image.

    Returns:
        A sentence; nothing where the sizes are equal, or the image cannot be read.
    """
    if image is None:
        return ""
    try:
        line = other_size(size, opened(image, "image").size)
    except PictureError:  # it is named when it is read itself
        return ""
    kept = stored(image)
    if line and kept and kept[0] != UPRIGHT and kept[1] == size:
        return f"{line} (the EXIF orientation {kept[0]} of the image turns it)"
    return line


@dataclass(frozen=True)
class ClassFiles:
    """The mask files of one image, each of one class: 0 elsewhere, 1, 255 or the index where it is.

    Several files of one class are joined. Where files of two classes overlap, they are refused, or
    the class of the higher index wins.

    Attributes:
        paths: the files.
        indices: the class index of each.
        labels: names of the classes.
        later_wins: whether the higher index wins.
        threshold: the least grey value that counts as set; without it, edges must be hard.
        source: the path of the first below the raw root, for messages.
    """

    paths: tuple[Path, ...]
    indices: tuple[int, ...]
    labels: tuple[str, ...]
    later_wins: bool = False
    threshold: int | None = None
    source: str = ""

    def read(self, name: str) -> NDArray[np.uint8]:
        """Reads the class indices.

        Args:
            name: what messages call the first file; the others are called by their own names.

        Returns:
            Class indices (height, width), uint8; 0 where no file is set.

        Raises:
            PictureError: a file cannot be read as a picture, or is too large.
            InputError: a file holds other values, the sizes differ, or two classes overlap.
        """
        merged = marked = None
        for place in sorted(range(len(self.paths)), key=lambda place: self.indices[place]):
            here = self._set_in(place, name)
            if merged is None or marked is None:
                merged, marked = np.zeros(here.shape, np.uint8), np.zeros(here.shape, bool)
            self._check_size(here, merged, place, name)
            if not self.later_wins:
                self._check_overlap(here & marked, merged, place, name)
            merged[here] = self.indices[place]
            marked |= here
        if merged is None:
            raise InputError(f"{name} has no files; expected one for each class")
        return merged

    def pictures(self) -> tuple[Path, ...]:
        """Lists the picture files that hold the pixels."""
        return self.paths

    def _called(self, place: int, name: str) -> str:
        return name if place == 0 else f'mask "{self.paths[place].name}"'

    def _set_in(self, place: int, name: str) -> NDArray[np.bool_]:
        """Tells where one file is set (height, width)."""
        called, index = self._called(place, name), self.indices[place]
        image = opened(self.paths[place], called)
        if self.threshold is not None:
            return grey(image, called, by_colour=True) >= self.threshold
        check_exact(image, called, 2)
        values = grey(image, called, by_colour=True)
        marks = np.flatnonzero(counted(values)[1:]) + 1
        if len(marks) > 1 and (reason := unlike_classes(values, classes=2)):
            raise InputError(f"{called} {reason}")
        if len(marks) > 1 or not set(marks.tolist()) <= {1, 255, index}:
            listed = ", ".join(map(str, marks[:8].tolist()))
            raise InputError(
                f"{called} holds {len(marks)} values besides 0 ({listed}); expected, in the file "
                f"of one class ({self.labels[index]}), 0 and one of 1, 255 and {index}. Export it "
                "again, unresized, or tell white from black by --threshold 128"
            )
        return values > 0

    def _check_size(
        self, here: NDArray[np.bool_], merged: NDArray[np.uint8], place: int, name: str
    ) -> None:
        if here.shape != merged.shape:
            (height, width), (first_height, first_width) = here.shape, merged.shape
            raise InputError(
                f"{self._called(place, name)} is {width} x {height} pixels, another mask of the "
                f"same image {first_width} x {first_height}; export all at one size"
            )

    def _check_overlap(
        self, both: NDArray[np.bool_], merged: NDArray[np.uint8], place: int, name: str
    ) -> None:
        both = both & (merged != self.indices[place])
        if both.any():
            others = ", ".join(self.labels[index] for index in np.unique(merged[both]))
            raise InputError(
                f"{self._called(place, name)} overlaps {others} in {int(both.sum())} pixels; a "
                "pixel has one class: mend the masks, or give --later-wins (the class that stands "
                "later in --classes wins)"
            )
