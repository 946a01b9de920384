"""cases.csv: one line for each image, the only thing that scores are computed from.

The file is UTF-8 with commas, sorted by id; an empty cell means "does not apply". Floats are
written with as many digits as they need to come back unchanged.
"""

import csv
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from pipelines.atomic import write_text
from pipelines.errors import InputError


class Column(NamedTuple):
    """What a column of cases.csv may hold.

    Attributes:
        parse: makes the value from the text of a cell; raises ValueError.
        dtype: pandas type of the column.
        expected: the values in words, for messages.
        may_be_empty: whether an empty cell is allowed.
        absent: the value of a case whose row lacks the column; None where it must be there.
    """

    parse: Callable[[str], object]
    dtype: str
    expected: str
    may_be_empty: bool = False
    absent: int | str | None = None


def _count(text: str) -> int:
    """Parse a whole number of at least 0."""
    number = int(text)
    if number < 0:
        raise ValueError(text)
    return number


def _share(text: str) -> float:
    """Parse a number in [0, 1]."""
    number = float(text)
    if not 0 <= number <= 1:
        raise ValueError(text)
    return number


def _flag(text: str) -> int:
    """Parse 0 or 1."""
    if text not in ("0", "1"):
        raise ValueError(text)
    return int(text)


NAME = Column(str, "str", "a name")
COUNT = Column(_count, "int64", "a whole number of at least 0")
SHARE = Column(_share, "float64", "a number from 0 to 1, or nothing", may_be_empty=True)

MARKS = frozenset({"text", "caliper", "overlay"})
"""Flags of what was burnt into the pixels."""

LEAKY = "leaky"
"""Name of the column that marks the cases of a split that ignores the groups on purpose."""

LEAKY_COLUMN = Column(_flag, "int64", "0 or 1", absent=0)

FLAGS = "flags"
"""Name of the column of what a reader should know of an image, such as ``caliper,text``."""

FLAGS_COLUMN = Column(str, "str", "words joined by commas, or nothing", True, absent="")

SEGMENTATION_COLUMNS: Mapping[str, Column] = {
    "id": NAME,
    "group": NAME,
    "fold": Column(_count, "Int64", "a whole number of at least 0, or nothing", may_be_empty=True),
    "class": Column(str, "str", "a name, or nothing", may_be_empty=True),
    "dice": SHARE,
    "iou": SHARE,
    "precision": SHARE,
    "recall": SHARE,
    "lesion_area": COUNT,
    "predicted_area": COUNT,
    "tp": COUNT,
    "fp": COUNT,
    "fn": COUNT,
    "tn": COUNT,
    "lesions": COUNT,
    "predicted_lesions": COUNT,
    "found_lesions": COUNT,
    "false_positive": Column(_flag, "Int64", "0, 1 or nothing", may_be_empty=True),
    FLAGS: FLAGS_COLUMN,
    LEAKY: LEAKY_COLUMN,
}


def case_table(
    rows: pd.DataFrame | Iterable[Mapping[str, object]],
    columns: Mapping[str, Column] = SEGMENTATION_COLUMNS,
) -> pd.DataFrame:
    """Make the table of cases from rows in any order.

    Args:
        rows: one mapping for each image, such as ``segmentation.case_row`` makes, or a table; keys
            that are not in ``columns`` are left out.
        columns: the columns, in the order of the table.

    Returns:
        Typed table sorted by id; an empty text cell is "", other empty cells are NaN or NA.

    Raises:
        KeyError: a column is missing that must be there.
        ValueError: an id stands twice.
    """
    table = pd.DataFrame(rows if isinstance(rows, pd.DataFrame) else list(rows), dtype=object)
    for name, column in columns.items():
        if column.absent is not None:
            given = table[name] if name in table else pd.Series(None, table.index, dtype=object)
            table[name] = given.where(given.notna(), column.absent)
    table = table[list(columns)] if len(table) else pd.DataFrame(columns=list(columns))
    twice = table.loc[table["id"].duplicated(), "id"]
    if len(twice):
        raise ValueError(f"id {twice.iloc[0]!r} stands twice; expected each image once")
    typed = table.astype({name: column.dtype for name, column in columns.items()})
    return typed.sort_values("id", ignore_index=True)


def has_marks(cases: pd.DataFrame) -> pd.Series:
    """Tells which images carry burnt-in marks: text, calipers or coloured overlays.

    Args:
        cases: table of cases, with or without the column ``flags``.

    Returns:
        One bool for each case, False where nothing is known.
    """
    if FLAGS not in cases:
        return pd.Series(False, index=cases.index)
    return cases[FLAGS].map(lambda flags: not MARKS.isdisjoint(str(flags).split(",")))


def is_leaky(cases: pd.DataFrame) -> bool:
    """Tells whether any case is of a split that leaks on purpose: then no score of them is sound.

    Args:
        cases: table of cases, with or without the column ``leaky``.
    """
    return LEAKY in cases and bool(cases[LEAKY].any())


def write_cases(
    path: str | os.PathLike[str],
    cases: pd.DataFrame | Iterable[Mapping[str, object]],
    columns: Mapping[str, Column] = SEGMENTATION_COLUMNS,
) -> None:
    """Write cases.csv, whole or not at all.

    Args:
        path: the file; its folder must exist.
        cases: a table of cases or the rows of one, in any order.
        columns: the columns, in the order of the file.

    Raises:
        KeyError: a column is missing.
        ValueError: an id stands twice.
    """
    text = case_table(cases, columns).to_csv(index=False, lineterminator="\n")
    write_text(path, text)


def read_cases(
    path: str | os.PathLike[str], columns: Mapping[str, Column] = SEGMENTATION_COLUMNS
) -> pd.DataFrame:
    """Read and check cases.csv.

    Args:
        path: the file.
        columns: the columns that are needed; others in the file are left out.

    Returns:
        The table as `case_table` makes it.

    Raises:
        InputError: the file is missing, holds no cases, lacks a column, or a cell cannot be used;
            the message names the file and the line.
    """
    source = Path(path)
    lines = _read_lines(source, columns)
    rows = [
        {
            name: _parse(cells[name], column, f"{source}, line {line}: {name}")
            for name, column in columns.items()
            if name in cells
        }
        for line, cells in lines
    ]
    _check_unique(
        {line: str(row["id"]) for (line, _), row in zip(lines, rows, strict=True)}, source
    )
    return case_table(rows, columns)


def _read_lines(path: Path, columns: Mapping[str, Column]) -> list[tuple[int, dict[str, str]]]:
    """Return line number and cells of each line after the header."""
    if not path.is_file():
        raise InputError(f"{path} does not exist; `evaluate` writes it")
    try:
        # A spreadsheet that saved the file may have put a byte-order mark in front.
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restval="", strict=True)
            header = reader.fieldnames or ()
            lines = [(reader.line_num, cells) for cells in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} is not a UTF-8 table with commas: {error}") from None
    needed = [name for name, column in columns.items() if column.absent is None]
    missing = [name for name in needed if name not in header]
    if missing:
        raise InputError(
            f"{path} lacks the column(s) {', '.join(missing)}; "
            f"expected the header {','.join(needed)}"
        )
    if not lines:
        raise InputError(f"{path} holds no cases; run `evaluate` over at least one image")
    return lines


def _parse(text: str, column: Column, place: str) -> object:
    """Return the value of a cell; None where it is empty and may be."""
    if text == "" and column.may_be_empty:
        return "" if column.parse is str else None
    try:
        if text == "":
            raise ValueError(text)
        return column.parse(text)
    except ValueError:
        raise InputError(f"{place} is {text!r}; expected {column.expected}") from None


def _check_unique(ids: Mapping[int, str], path: Path) -> None:
    """Refuse a file in which an id stands twice."""
    first: dict[str, int] = {}
    for line, name in ids.items():
        if name in first:
            raise InputError(
                f"{path}, line {line}: id {name!r} stands on line {first[name]} already; "
                "expected each image once"
            )
        first[name] = line
