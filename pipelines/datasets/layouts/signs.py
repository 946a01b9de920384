"""What a folder of unknown layout looks like, so that a message can say it, or a layout be chosen.

Each layout's ``sign`` is asked first, then the other kinds of folders here. A sign reads names
(and, where a name says nothing, the first bytes of a few files), never pictures.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pipelines.datasets.layouts import LAYOUTS, Layout
from pipelines.datasets.layouts.sample import is_litter, natural
from pipelines.errors import InputError
from transforms.picture import SUFFIXES

_DEPTH = 4  # folders below the root that are looked into
_MOST = 5000  # files that are looked at: enough to know, however large the folder


@dataclass(frozen=True)
class Sign:
    """A kind of folder, and what gives it away.

    Attributes:
        kind: what it looks like, such as ``a folder of pictures without class folders``.
        evidence: names an entry that shows it, or nothing. Takes the root and the paths of the
            files below it.
    """

    kind: str
    evidence: Callable[[Path, list[PurePosixPath]], str | None]


def recognise(root: Path) -> str:
    """Says what a folder looks like.

    Args:
        root: an existing folder.

    Returns:
        Such as ``the npy-arrays layout (Input.npy)``.
    """
    files = list(_files(root))
    if not files:
        return "an empty folder"
    if PurePosixPath("dataset.json") in files:
        return "a dataset folder, converted already (dataset.json)"
    fits = _fits(root, files)
    if fits:
        names = [f"the {layout.name} layout ({evidence})" for layout, evidence in fits]
        return " or ".join(names)
    for sign in SIGNS:
        evidence = sign.evidence(root, files)
        if evidence is not None:
            return f"{sign.kind} ({evidence})"
    return f"no layout known here (it holds {', '.join(str(file) for file in files[:3])})"


def fitting(root: Path) -> list[tuple[Layout, str]]:
    """Lists the layouts that a folder may be of.

    Args:
        root: the raw folder.

    Returns:
        Each layout whose sign is there, with the entry that shows it, in the order of the table.

    Raises:
        InputError: the folder does not exist, or is a file.
    """
    if not root.exists():
        raise InputError(f"the raw folder {root} does not exist")
    if not root.is_dir():
        raise InputError(f"{root} is a file; expected a folder")
    return _fits(root, list(_files(root)))


def _fits(root: Path, files: list[PurePosixPath]) -> list[tuple[Layout, str]]:
    fits = []
    for layout in LAYOUTS.values():
        evidence = importlib.import_module(layout.module).sign(root, files)
        if evidence is not None:
            fits.append((layout, evidence))
    covered = {name for layout, _ in fits for name in layout.before}
    return [(layout, evidence) for layout, evidence in fits if layout.name not in covered]


def the_one(root: Path) -> tuple[Layout, str]:
    """Gives the one layout that a folder is of.

    Args:
        root: the raw folder.

    Returns:
        The layout, and the entry that shows it.

    Raises:
        InputError: the folder is of none, or may be of several; the message says what to type.
    """
    fits = fitting(root)
    if not fits:
        raise InputError(
            f"{root} looks like {recognise(root)}, which no layout reads; see med2d layouts"
        )
    if len(fits) > 1:
        found = "; ".join(
            f"{layout.name} ({evidence}): med2d convert {layout.name} RAW OUT"
            for layout, evidence in fits
        )
        raise InputError(f"{root} may be of {len(fits)} layouts; choose one: {found}")
    return fits[0]


def _files(root: Path) -> Iterator[PurePosixPath]:
    """Yields the files below the root, relative, without litter, some thousand at most."""
    count = 0
    for folder, below, names in os.walk(root):
        here = Path(folder).relative_to(root)
        deep = len(here.parts) >= _DEPTH
        below[:] = [] if deep else sorted((n for n in below if not is_litter(n)), key=natural)
        for name in sorted((name for name in names if not is_litter(name)), key=natural):
            yield PurePosixPath(here.as_posix()) / name
            count += 1
            if count >= _MOST:
                return


def _by_suffix(*suffixes: str) -> Callable[[Path, list[PurePosixPath]], str | None]:
    """Makes a sign of a file name's end."""

    def evidence(root: Path, files: list[PurePosixPath]) -> str | None:
        hits = (file for file in files if file.name.casefold().endswith(suffixes))
        return next(map(str, hits), None)

    return evidence


def _in_folders(root: Path, files: list[PurePosixPath]) -> str | None:
    hits = (file for file in files if len(file.parts) > 1 and file.suffix.casefold() in SUFFIXES)
    return next(map(str, hits), None)


SIGNS: tuple[Sign, ...] = (
    Sign("a folder of pictures in sub-folders", _in_folders),
    Sign("a folder of pictures without class folders", _by_suffix(*SUFFIXES)),
    Sign("an archive that is not unpacked", _by_suffix(".zip", ".tar", ".tar.gz", ".rar", ".7z")),
)
