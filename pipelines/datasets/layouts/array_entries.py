"""The arrays of a raw folder: ``.npy`` files and the members of ``.npz`` archives."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pipelines.datasets.layouts.array_names import Naming, parse_name
from pipelines.datasets.layouts.sample import Problem
from pipelines.datasets.layouts.walk import shown
from pipelines.datasets.sources.array_archive import members, open_member
from pipelines.datasets.sources.stored_array import StoredArray, open_npy
from pipelines.errors import InputError

SUFFIXES = (".npy", ".npz")
"""Suffixes (lower case) of files that hold arrays."""

_UNNAMED = re.compile(r"arr_[0-9]+")  # what np.savez calls arrays that were given no name


@dataclass(frozen=True)
class Entry:
    """An array that was found, not opened yet.

    Attributes:
        name: what messages call it, such as ``data.npz/images.npy``.
        path: its file.
        member: its name in an archive, or nothing.
        naming: what its name says.
    """

    name: str
    path: Path
    member: str | None
    naming: Naming

    def open(self) -> StoredArray:
        """Opens it.

        Raises:
            InputError: it cannot be read or holds what is refused.
        """
        if self.member is None:
            return open_npy(self.path, self.name)
        return open_member(self.path, self.member, self.name)


def is_array(path: PurePosixPath) -> bool:
    """Tells whether a file holds arrays, by its suffix."""
    return path.suffix.casefold() in SUFFIXES


def find_entries(root: Path, files: Sequence[PurePosixPath]) -> tuple[list[Entry], list[Problem]]:
    """Lists the arrays in files; reads the directories of archives only.

    Folders around all of the files say nothing, nor does the name of an archive that is alone.

    Args:
        root: the raw folder.
        files: files that hold arrays, relative to it.

    Returns:
        The arrays, and the files that cannot be read.
    """
    entries: list[Entry] = []
    problems: list[Problem] = []
    around = PurePosixPath(os.path.commonpath([file.parent for file in files])) if files else None
    for file in files:
        name, within = shown(file), file.relative_to(around or "")
        try:
            if not (root / file).is_file():
                raise InputError(f"{name} is no file that can be read; take it out")
            if file.suffix.casefold() == ".npy":
                naming = parse_name(PurePosixPath(shown(within.with_suffix(""))))
                entries.append(Entry(name, root / file, None, naming))
            else:
                entries.extend(_inside(root / file, name, within, len(files) == 1))
        except InputError as error:
            problems.append(Problem(name, str(error)))
        except OSError as error:
            line = f"{name} cannot be read: {error.strerror or error}"
            problems.append(Problem(name, line))
    return entries, problems


def _inside(path: Path, name: str, within: PurePosixPath, alone: bool) -> list[Entry]:
    """Lists the arrays of an archive."""
    found = members(path, name)
    outer = PurePosixPath(shown(within.with_suffix("")))
    entries = []
    for member in found:
        inner = PurePosixPath(member.removesuffix(".npy"))
        if len(found) == 1 and _UNNAMED.fullmatch(str(inner)):
            naming = parse_name(outer)
        else:
            naming = parse_name(inner if alone else outer / inner)
        entries.append(Entry(f"{name}/{shown(member)}", path, member, naming))
    return entries
