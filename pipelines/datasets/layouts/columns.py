"""Which column of a table holds what."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from pipelines.datasets.dataset import KNOWN_ITEM_KEYS
from pipelines.datasets.layouts.parts import part_of_value
from pipelines.datasets.table import Row, Table, plain
from pipelines.errors import InputError

_IMAGE = (
    "image", "imagename", "imagefile", "imagepath", "imageid", "img", "imgname", "imgpath", "file",
    "filename", "filepath", "path", "picture", "scan",
)  # fmt: skip
_LABEL = (
    "label", "labels", "class", "classname", "classlabel", "category", "diagnosis", "target",
    "finding", "plane",
)  # fmt: skip
_GROUP = (
    "patient", "patientid", "patientnum", "patientnumber", "patientno", "subject", "subjectid",
    "person", "personid",
)  # fmt: skip
_GROUP_TOO = (  # the surest first; they may number images as well, so only where they repeat
    "pid", "pat", "patid", "patno", "patnum", "patnr", "patientnr", "patientkey", "patientcode",
    "mrn", "subj", "subjid", "subjectno", "subjectnumber", "participant", "participantid",
    "individual", "individualid", "case", "caseid", "caseno", "casenumber", "study", "studyid",
    "studyno", "studynumber", "studyuid", "studyinstanceuid", "exam", "examid", "examination",
    "examinationid", "id",
)  # fmt: skip
_NO_COLUMN = "none"  # what people give where there are no patients
_SPLIT = ("split", "part", "partition", "subset", "set", "train", "istrain", "test", "istest")
_TRIED = 200  # rows that show what a column holds


@dataclass(frozen=True)
class Columns:
    """The columns of a table by what they hold.

    Attributes:
        image: names of images.
        label: classes.
        group: patients, where there is such a column.
        split: parts, where there is such a column.
        kept: columns that are kept, each with the key that it gets in dataset.json.
        guessed: the options that nobody gave, each with the column that was taken.
        unused: the other columns; empty where the person chose the patients, or that there are
            none.
    """

    image: str
    label: str
    group: str | None
    split: str | None
    kept: Mapping[str, str]
    guessed: Mapping[str, str]
    unused: tuple[str, ...] = ()

    def label_of(self, row: Row) -> str:
        """Gives the label of a row; spaces and line breaks inside become one space."""
        return " ".join(row.values[self.label].split())


def choose_columns(
    table: Table, options: Mapping[str, Any], find: Callable[[str], PurePosixPath]
) -> Columns:
    """Chooses the columns: those that a person named, else those that alone can be meant.

    The image column is the only one whose values are found as images, else the only one of a usual
    name; label, patient and part go by their usual names; of a table of two columns, the other one
    is the label. Names such as ``pid``, ``case_id`` or ``id`` are of patients where values repeat.

    Args:
        table: the table.
        options: ``image_column``, ``label_column``, ``group_column``, ``split_column`` and
            ``keep_columns`` (names with commas), each possibly missing; ``none`` as
            ``group_column`` where no column is to be taken.
        find: finds an image by its name, or raises InputError.

    Returns:
        The columns.

    Raises:
        InputError: a named column does not exist, or which is meant is unclear; the columns are
            listed.
    """
    without = options.get("group_column") == _NO_COLUMN and _NO_COLUMN not in table.columns
    roles = ("image", "label", "split") if without else ("image", "label", "group", "split")
    named = {
        role: table.column(options[f"{role}_column"], f"--{role}-column")
        for role in roles
        if options.get(f"{role}_column")
    }
    guessed: dict[str, str] = {}

    def choose(role: str, guess: Callable[[list[str]], str | None]) -> str | None:
        if role not in named:
            free = [name for name in table.columns if name not in {*named.values()}]
            found = guess(free)
            if found is None:
                return None
            named[role] = table.column(found, f"--{role}-column")
            guessed[f"--{role}-column"] = found
        return named[role]

    image = choose("image", lambda free: _image(table, free, find))
    if not without:
        choose("group", lambda free: _by_name(table, free, _GROUP, "group"))
    split = choose("split", lambda free: _split(table, free))
    label = choose("label", lambda free: _label(table, free))
    if image is None or label is None:
        role = "image" if image is None else "label"
        raise InputError(
            f"which column of {table.path} holds the {_HOLDS[role]} is unclear; choose it with "
            f"--{role}-column from {table.listed()}"
        )
    group = None if without else choose("group", lambda free: _repeated(table, free))
    kept = _kept(table, options.get("keep_columns") or "")
    aside = {*named.values(), *kept}
    unused = tuple(name for name in table.columns if name not in aside)
    return Columns(image, label, group, split, kept, guessed, () if without or group else unused)


_HOLDS = {"image": "image names", "label": "classes", "group": "patients", "split": "parts"}


def _by_name(table: Table, free: Iterable[str], usual: Iterable[str], role: str) -> str | None:
    """Gives the only column of a usual name; refuses several."""
    hits = [name for name in free if plain(name) in usual]
    if len(hits) > 1:
        names = ", ".join(f'"{name}"' for name in hits)
        raise InputError(
            f"{names} of {table.path} may all hold the {_HOLDS[role]}; choose with --{role}-column"
        )
    return hits[0] if hits else None


def _repeated(table: Table, free: Iterable[str]) -> str | None:
    """Gives the column of a name that patients often have, where its values repeat."""
    hits = [name for name in free if plain(name) in _GROUP_TOO and _repeats(table, name)]
    return min(hits, key=lambda name: _GROUP_TOO.index(plain(name)), default=None)


def _repeats(table: Table, column: str) -> bool:
    """Tells whether some rows, but not all, share a value."""
    values = [row.values[column].strip() for row in table.rows if row.values[column].strip()]
    return 1 < len(set(values)) < len(values)


def _image(table: Table, free: list[str], find: Callable[[str], PurePosixPath]) -> str | None:
    """Gives the column whose values are found as images, else that of a usual name."""
    found = [name for name in free if _hits(table, name, find)]
    if len(found) == 1:
        return found[0]
    return _by_name(table, found or free, _IMAGE, "image")


def _hits(table: Table, column: str, find: Callable[[str], PurePosixPath]) -> bool:
    """Tells whether some values of a column are names of images, and not all of one."""
    files = set()
    for row in table.rows[:_TRIED]:
        try:
            files.add(find(row.values[column]))
        except InputError:
            continue
    return len(files) > 1 or (bool(files) and len(table.rows) == 1)


def _split(table: Table, free: list[str]) -> str | None:
    """Gives the only column of a usual name that holds nothing but parts."""
    hits = [
        name
        for name in free
        if plain(name) in _SPLIT
        and table.rows
        and all(part_of_value(name, row.values[name]) for row in table.rows)
    ]
    return hits[0] if len(hits) == 1 else None


def _label(table: Table, free: list[str]) -> str | None:
    """Gives the only column of a usual name, else the only one that is left."""
    hit = _by_name(table, free, _LABEL, "label")
    return free[0] if hit is None and len(free) == 1 else hit


def _kept(table: Table, names: str) -> dict[str, str]:
    """Finds the columns to keep, and gives each a key that dataset.json does not use."""
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    kept = {}
    for name in wanted:
        column = table.column(name, "--keep-columns")
        kept[column] = kept_key(column)
    return kept


def kept_key(column: str) -> str:
    """Gives the key of a column in dataset.json, which is none of its own.

    Examples:
        >>> kept_key("US_Machine"), kept_key("label")
        ('US_Machine', 'label_column')
    """
    return f"{column}_column" if column.casefold() in KNOWN_ITEM_KEYS else column
