"""The table of a raw folder: the one that a person named, else the only one."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from pipelines.datasets.layouts.signs import recognise
from pipelines.datasets.layouts.walk import Walk, exists, shown
from pipelines.datasets.table import SUFFIXES, nearest
from pipelines.errors import InputError

_BOOKS = (".xlsx", ".xls", ".ods")
_NAMED = 5


def find_table(tree: Walk, given: str | None, layout: str) -> Path:
    """Finds the table.

    Args:
        tree: the files of the raw folder.
        given: what ``--csv`` says: a path from the working folder, or from the raw folder.
        layout: what the folder is read as, for messages.

    Returns:
        The path of the file.

    Raises:
        InputError: there is none, or several and none was named.
    """
    tables = [file for file in tree.files if file.suffix.casefold() in SUFFIXES]
    if given:
        return _given(tree, given, tables)
    if len(tables) == 1:
        return tree.root / tables[0]
    if tables:
        names = ", ".join(shown(file) for file in tables[:_NAMED])
        more = f" and {len(tables) - _NAMED} more" if len(tables) > _NAMED else ""
        raise InputError(f"{tree.root} holds several tables: {names}{more}; choose with --csv")
    for file in tree.files:
        if file.suffix.casefold() in _BOOKS:
            raise InputError(f"{tree.root / file} is a workbook; save its sheet as CSV (UTF-8)")
    raise InputError(
        f"{tree.root} looks like {recognise(tree.root)}, not the {layout} layout: expected a table "
        "(.csv or .tsv) in it; name one that lies elsewhere with --csv"
    )


def _given(tree: Walk, given: str, tables: list[PurePosixPath]) -> Path:
    """Finds a table by its path from here, or from the raw folder."""
    paths = [path for path in (Path(given), tree.root / given) if exists(path)]
    if len(paths) == 2 and not paths[0].samefile(paths[1]):
        raise InputError(
            f"--csv {given} is both {paths[0].absolute()} and {paths[1]}; give the whole path"
        )
    if paths:
        return paths[-1]
    meant = nearest(given, [shown(file) for file in tables])
    hint = f'; did you mean "{meant}"?' if meant else ""
    raise InputError(f"--csv {given}: there is no such file, neither here nor in {tree.root}{hint}")
