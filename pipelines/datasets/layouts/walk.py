"""The files below a raw folder, found without leaving it and without running in circles."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from pipelines.datasets.layouts import LAYOUTS
from pipelines.datasets.layouts.sample import Problem, is_litter, natural
from pipelines.errors import InputError
from transforms.picture import SUFFIXES

_DEEPEST = 64  # folders below the root; a path of more is no folder that a person made


@dataclass
class Walk:
    """What lies below a folder, hidden files and other litter left aside.

    Attributes:
        root: the folder.
        files: files, relative to the root, folder by folder in natural order.
        folders: folders, relative to the root, without the root itself.
        problems: what cannot be read, and links that lead out of the root or nowhere.
        warnings: links to folders, which are not followed.
    """

    root: Path
    files: list[PurePosixPath] = field(default_factory=list)
    folders: list[PurePosixPath] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def pictures(self) -> list[PurePosixPath]:
        """The files that are pictures by their suffix."""
        return [file for file in self.files if is_picture(file)]


def is_picture(path: PurePosixPath) -> bool:
    """Tells whether a file is a picture by its suffix."""
    return path.suffix.casefold() in SUFFIXES


def shown(path: PurePosixPath | str) -> str:
    """Gives a path as text; bytes that are no UTF-8 become replacement marks."""
    return str(path).encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def exists(path: Path) -> bool:
    """Tells whether a path that a person gave exists; what can be no path does not."""
    try:
        return path.exists()
    except (OSError, ValueError):  # a name too long, or one with a zero byte
        return False


def walk(raw: Path, layout: str) -> Walk:
    """Lists all files below a raw folder; opens none.

    Links to files inside the raw folder are read. Links to folders are not followed (a folder
    inside is read anyway, at its own place), so that loops cannot arise. Links out of the raw
    folder are problems: what a folder holds shall be seen by looking at it.

    Args:
        raw: the raw folder.
        layout: the layout that it is read as, for messages.

    Returns:
        The files, folders, problems and warnings.

    Raises:
        InputError: the folder is missing, a file, empty, or cannot be read.
    """
    expected = LAYOUTS[layout].expected
    if not raw.exists():
        raise InputError(f"the raw folder {raw} does not exist")
    if not raw.is_dir():
        raise InputError(f"{raw} is a file; expected a folder: {expected}")
    found = Walk(raw)
    waiting = [PurePosixPath()]
    while waiting:
        here = waiting.pop()
        below = list(_read(found, here, PurePosixPath(os.path.realpath(raw))))
        found.folders.extend(below)
        waiting.extend(reversed(below))
    if not (found.files or found.folders or found.problems or found.warnings):
        raise InputError(f"{raw} is empty; expected {expected}")
    return found


def _read(found: Walk, here: PurePosixPath, inside: PurePosixPath) -> Iterator[PurePosixPath]:
    """Adds the files of one folder, and yields its folders."""
    try:
        with os.scandir(found.root / here) as listed:
            entries = sorted(
                (entry for entry in listed if not is_litter(entry.name)),
                key=lambda entry: natural(entry.name),
            )
    except OSError as error:
        _unreadable(found, here, error)
        return
    for entry in entries:
        path = here / entry.name
        if entry.is_symlink():
            _follow(found, path, inside)
        elif entry.is_file(follow_symlinks=False):
            found.files.append(path)
        elif not entry.is_dir(follow_symlinks=False):  # a pipe, which would be waited for
            line = f'"{shown(path)}" is no file but a pipe, socket or device; take it out'
            found.problems.append(Problem(shown(path), line))
        elif len(path.parts) > _DEEPEST:
            line = f'folder "{shown(path)}" lies more than {_DEEPEST} folders deep; move it up'
            found.problems.append(Problem(shown(path), line))
        else:
            yield path


def _unreadable(found: Walk, here: PurePosixPath, error: OSError) -> None:
    if not here.parts:
        raise InputError(f"{found.root} cannot be read: {error.strerror}") from None
    line = f'folder "{shown(here)}" cannot be read: {error.strerror}. Allow it, or take it out'
    found.problems.append(Problem(shown(here), line))


def _follow(found: Walk, path: PurePosixPath, inside: PurePosixPath) -> None:
    """Adds the file that a link inside the raw folder leads to; else says what is wrong."""
    link = found.root / path
    target = PurePosixPath(os.path.realpath(link))
    name = shown(path)
    if not target.is_relative_to(inside):
        line = (
            f'"{name}" is a link that leads out of the raw folder; put a copy in its place, or '
            "take it out"
        )
        found.problems.append(Problem(name, line))
    elif link.is_dir():
        found.warnings.append(f'"{name}" is a link to a folder; it was not followed')
    elif link.is_file():
        found.files.append(path)
    else:
        found.problems.append(
            Problem(name, f'"{name}" is a link that leads nowhere; mend it, or take it out')
        )
