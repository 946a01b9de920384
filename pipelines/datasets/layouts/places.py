"""Where the pictures of class folders lie: the top folder, the part, the folders in order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from pipelines.datasets.layouts.parts import FOLDERS, part_of
from pipelines.datasets.layouts.sample import Problem
from pipelines.datasets.layouts.walk import Walk, is_picture, shown


@dataclass(frozen=True)
class Place:
    """Where a picture lies.

    Attributes:
        file: its path below the top folder.
        part: the part that its outermost folder names, where the data are split.
        folders: its other folders, outermost first.
    """

    file: PurePosixPath
    part: str | None
    folders: tuple[str, ...]

    @property
    def source(self) -> str:
        """The path as text."""
        return shown(self.file)

    def above(self, count: int) -> PurePosixPath:
        """Gives the folder that is made of the part and the first folders, below the top."""
        skipped = len(self.file.parts) - 1 - len(self.folders)
        return PurePosixPath(*self.file.parts[: skipped + count])


def top_folder(tree: Walk) -> PurePosixPath:
    """Gives the folder of class folders: the root, or the only folder in it that holds folders.

    Args:
        tree: the files and folders.

    Returns:
        Its path, relative to the root.
    """
    below: dict[PurePosixPath, list[PurePosixPath]] = {}
    for folder in tree.folders:
        below.setdefault(folder.parent, []).append(folder)
    with_pictures = {file.parent for file in tree.files if is_picture(file)}
    top = PurePosixPath()
    while top not in with_pictures and len(below.get(top, [])) == 1:
        inner = below[top][0]
        if part_of(inner.name) or inner not in below or inner in with_pictures:
            break
        top = inner
    return top


def find_places(tree: Walk, top: PurePosixPath) -> tuple[list[Place], list[Problem]]:
    """Finds where the pictures lie.

    Args:
        tree: the files and folders.
        top: the folder of class folders, relative to the root.

    Returns:
        The places, and a problem for each folder beside those of the parts.
    """
    pictures = [file.relative_to(top) for file in tree.pictures if file.is_relative_to(top)]
    split = is_split(file.parts[0] for file in pictures if len(file.parts) > 1)
    places, strangers = [], Counter[str]()
    for file in pictures:
        folders = file.parts[:-1]
        part = part_of(folders[0]) if split and folders else None
        if split and folders and part is None:
            strangers[folders[0]] += 1
        else:
            places.append(Place(file, part, folders[1:] if split else folders))
    return places, [_stranger(name, count) for name, count in strangers.items()]


def is_split(names: Iterable[str]) -> bool:
    """Tells whether the outermost folders are parts: all of them, or one that trains is there."""
    parts = {part_of(name) for name in names}
    return "train" in parts or (bool(parts) and None not in parts)


def counted(count: int) -> str:
    """Gives a number of images as words, such as ``1 image``."""
    return "1 image" if count == 1 else f"{count} images"


def _stranger(name: str, count: int) -> Problem:
    line = (
        f'folder "{shown(name)}" ({counted(count)}) lies beside the folders that split the data; '
        f"move it into one of them ({FOLDERS}), or take it out"
    )
    return Problem(shown(name), line)
