"""The picture that a name in a table means."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from pipelines.datasets.layouts.walk import Walk, exists, is_picture, shown
from pipelines.datasets.table import nearest
from pipelines.errors import InputError

_RAW = PurePosixPath()
_SHOWN = 3


class Lookup:
    """Finds pictures by what tables call them.

    A name is a file's name or the end of its path, with or without the suffix: ``a``, ``a.png``
    and ``images/a.png`` all mean ``images/a.png`` where no other file fits as well. Of several,
    the one whose whole path below the folder is the name counts.

    Args:
        files: paths of the pictures, relative to the raw folder.
        folder: where the pictures are looked for, relative to the raw folder.
        suffix: what is appended to a name, such as ``.png``; without it, any suffix fits.
        top: the raw folder's own name, with which the paths of some tables begin.
    """

    def __init__(
        self,
        files: Iterable[PurePosixPath],
        folder: PurePosixPath = _RAW,
        suffix: str = "",
        top: str = "",
    ) -> None:
        self.folder, self.suffix, self.top = folder, suffix, top
        self.files = [file for file in files if file.is_relative_to(folder)]
        self._by_name: dict[str, list[PurePosixPath]] = {}
        self._by_stem: dict[str, list[PurePosixPath]] = {}
        self._by_case: dict[str, list[PurePosixPath]] = {}
        for file in self.files:
            name, stem = _composed(file.name), _composed(file.stem)
            self._by_name.setdefault(name, []).append(file)
            self._by_stem.setdefault(stem, []).append(file)
            self._by_case.setdefault(stem.casefold(), []).append(file)

    def find(self, name: str) -> PurePosixPath:
        """Finds the picture that a name means.

        Args:
            name: as the table has it, stripped.

        Returns:
            Its path, relative to the raw folder.

        Raises:
            InputError: none, or several fit, or the name leads out of the folder. The message is
                the end of a sentence that names the row.
        """
        path = _safe(name)
        fitting = self._fitting(path)
        if not fitting and len(path.parts) > 1 and path.parts[0] == self.top:
            fitting = self._fitting(PurePosixPath(*path.parts[1:]))
        if len(fitting) == 1:
            return fitting[0]
        raise InputError(self._several(name, fitting) if fitting else self._none(name, path))

    def _fitting(self, path: PurePosixPath) -> list[PurePosixPath]:
        """Lists the files that a path may mean; only the best kind of match."""
        last = path.name
        for table, key in (
            (self._by_name, last + self.suffix if self.suffix else last),
            (self._by_name, last),
            (self._by_stem, "" if self.suffix else last),
        ):
            fitting = [file for file in table.get(key, ()) if _ends(file.parent, path.parent)]
            if len(fitting) > 1:
                whole = [file for file in fitting if self._at(path, file)]
                fitting = whole if len(whole) == 1 else fitting
            if fitting:
                return fitting
        return []

    def _at(self, path: PurePosixPath, file: PurePosixPath) -> bool:
        """Tells whether a path is the whole of a file's path below the folder."""
        return _composed(str(file.parent.relative_to(self.folder))) == str(path.parent)

    def _several(self, name: str, fitting: list[PurePosixPath]) -> str:
        files = ", ".join(f'"{shown(file)}"' for file in fitting[:_SHOWN])
        more = f" and {len(fitting) - _SHOWN} more" if len(fitting) > _SHOWN else ""
        remedy = "choose the folder with --images"
        if len({file.parent for file in fitting}) < len(fitting):
            remedy = "choose the suffix with --suffix"
        return f'names the image "{name}", which may be {files}{more}; {remedy}'

    def _none(self, name: str, path: PurePosixPath) -> str:
        """Says that there is no such picture, and which was perhaps meant."""
        where = "" if self.folder == PurePosixPath() else f' in "{shown(self.folder)}"'
        says = f'names the image "{name}", which is missing{where}'
        alike = self._by_case.get(_stem(path.name).casefold()) or self._by_case.get(
            path.name.casefold(), []
        )
        if not alike:
            return f"{says}; add the image, or take the row out"
        other = shown(alike[0])
        if _stem(path.name) not in (_composed(alike[0].stem), _composed(alike[0].name)):
            return f'{says}; "{other}" differs by upper and lower case: write it alike'
        return f'{says}; there is "{other}": correct the name'


def image_folder(tree: Walk, given: str) -> PurePosixPath:
    """Finds the folder of images that a person named.

    Args:
        tree: the files of the raw folder.
        given: what ``--images`` says: a path from the raw folder, or from the working folder.

    Returns:
        Its path, relative to the raw folder.

    Raises:
        InputError: there is no such folder, or it lies outside the raw folder.
    """
    root = tree.root.resolve()
    paths = [path for path in (tree.root / given, Path(given)) if exists(path) and path.is_dir()]
    for path in paths:
        if path.resolve().is_relative_to(root):
            return PurePosixPath(path.resolve().relative_to(root).as_posix())
    if paths:
        raise InputError(
            f"--images {given} lies outside the raw folder {tree.root}; give as RAW the folder "
            "around both"
        )
    meant = nearest(given, [shown(folder) for folder in tree.folders])
    hint = f'; did you mean "{meant}"?' if meant else ""
    raise InputError(f"--images {given}: there is no such folder in {tree.root}{hint}")


def _composed(name: str) -> str:
    """Gives one form of letters with accents; archives made on a Mac hold the other."""
    return name if name.isascii() else unicodedata.normalize("NFC", name)


def _stem(name: str) -> str:
    path = PurePosixPath(name)
    return path.stem if is_picture(path) else name


def _ends(folder: PurePosixPath, end: PurePosixPath) -> bool:
    """Tells whether a folder's path ends in a path."""
    count = len(end.parts)
    return count == 0 or tuple(map(_composed, folder.parts[-count:])) == end.parts


def _safe(name: str) -> PurePosixPath:
    """Refuses a name that could lead out of the folder, or that is none."""
    if not name:
        raise InputError("names no image; fill it in, or take the row out")
    if re.search(r"[\x00-\x1f\x7f]", name):
        raise InputError(f"names the image {name!r}, which holds control characters; correct it")
    if name.startswith(("/", "~")) or re.match("[A-Za-z]:", name) or "\\" in name:
        raise InputError(
            f'names the image "{name}"; expected a path below the raw folder, with forward slashes'
        )
    path = PurePosixPath(_composed(name))
    if ".." in path.parts or not path.name:
        raise InputError(
            f'names the image "{name}", a path that may lead out of the raw folder; expected one '
            'without ".."'
        )
    return path
