"""The class of a file by the folder that it lies in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from pipelines.datasets.layouts.walk import shown


def class_level(files: Sequence[PurePosixPath]) -> int:
    """Gives the level of the class folders: 0, or 1 where one folder holds all of them.

    Args:
        files: below the root.

    Examples:
        >>> class_level([PurePosixPath("data/benign/a"), PurePosixPath("data/normal/b")])
        1
        >>> class_level([PurePosixPath("benign/a"), PurePosixPath("normal/b")])
        0
    """
    tops = {file.parts[0] for file in files}
    return int(len(tops) == 1 and all(len(file.parts) > 2 for file in files))


def class_folder(file: PurePosixPath, level: int) -> str:
    """Gives the name of the folder at a level, empty where the file lies above it.

    Examples:
        >>> class_folder(PurePosixPath("benign/p1/a"), 0), class_folder(PurePosixPath("a"), 0)
        ('benign', '')
    """
    return shown(file.parts[level]) if len(file.parts) > level + 1 else ""
