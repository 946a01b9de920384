"""A table of text, as people export it: CSV, TSV, with whatever separator and encoding."""

from __future__ import annotations

import codecs
import csv
import difflib
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import InputError

SUFFIXES = (".csv", ".tsv")
"""Suffixes (lower case) by which a table is looked for."""

MOST_BYTES = 2**28
"""A larger file is refused: it is no table of image names, and would fill the memory."""

_SEPARATORS = (",", ";", "\t", "|")
_SNIFFED = 200  # lines that decide which separator it is
_SHOWN = 12  # column names that a message lists before it only counts them
_INVISIBLE = "\ufeff\u200b\u200e\u200f\u2060"  # byte-order mark, zero-width marks
_SENTINEL = "\x1fend\x1f"  # a last row, which is missing where a quotation mark swallowed it
_BINARY = {  # first bytes of what is called .csv but is none
    b"PK\x03\x04": "an Excel workbook or a zip archive",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"\x1f\x8b": "a gzip archive",
    b"%PDF": "a PDF",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table.

    Attributes:
        line: the line of the file that it starts on; the first line is 1.
        values: column name to text, stripped; an empty text where the row ends before.
    """

    line: int
    values: Mapping[str, str]


@dataclass(frozen=True)
class Table:
    """What a table file holds.

    Attributes:
        path: the file.
        columns: names of the columns in order, stripped, each once.
        rows: the rows below the header that are not blank.
        damaged: lines that have more values than there are columns, each with what is wrong.
        repeated: names that several columns of different content have.
    """

    path: Path
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    damaged: tuple[tuple[int, str], ...] = ()
    repeated: frozenset[str] = frozenset()

    def column(self, wanted: str, option: str) -> str:
        """Finds a column by its name; case and spaces may differ where that is unambiguous.

        Args:
            wanted: the name that a person gave.
            option: the option by which they gave it, such as ``--label-column``.

        Returns:
            The name as the table has it.

        Raises:
            InputError: there is no such column, or there are several.
        """
        name = wanted if wanted in self.columns else self._alike(wanted)
        if name is None:
            meant = nearest(wanted, self.columns)
            hint = f' Did you mean "{meant}"?' if meant else ""
            raise InputError(
                f'{option}: {self.path} has no column "{wanted}"; it has {self.listed()}.{hint}'
            )
        if name in self.repeated:
            raise InputError(
                f'{option}: {self.path} has several columns "{name}" that differ; rename all but '
                "one"
            )
        return name

    def _alike(self, wanted: str) -> str | None:
        """Gives the only column whose name differs by case, spaces or punctuation."""
        alike = [name for name in self.columns if plain(name) == plain(wanted)]
        return alike[0] if len(alike) == 1 else None

    def listed(self) -> str:
        """Lists the columns for a message, such as ``"image", "class"``."""
        shown = ", ".join(f'"{name}"' for name in self.columns[:_SHOWN])
        rest = len(self.columns) - _SHOWN
        return f"{shown} and {rest} more" if rest > 0 else shown


def plain(name: str) -> str:
    """Gives a name without case, spaces and punctuation, to compare names by.

    Examples:
        >>> plain("Image_Name ")
        'imagename'
    """
    return re.sub(r"[\W_]+", "", name.casefold())


def nearest(wanted: str, names: Sequence[str]) -> str | None:
    """Gives the name that a misspelt one most probably means, or nothing."""
    by_plain = {plain(name): name for name in reversed(names)}
    close = difflib.get_close_matches(plain(wanted), list(by_plain), n=1, cutoff=0.7)
    return by_plain[close[0]] if close else None


def read_table(path: Path) -> Table:
    """Reads a delimited table; finds its separator and encoding by itself.

    The separator is a comma, semicolon, tab or bar: the one that gives the most rows as many values
    as the header. The encoding is UTF-8 or UTF-16, else Windows-1252. Spaces around names and
    values go; quoted values may hold separators and line breaks; blank rows are skipped.

    Args:
        path: the file.

    Returns:
        The table. A file with a header and no row is a table without rows.

    Raises:
        InputError: it cannot be read, is no text, has no header, or a quotation mark is not closed.
    """
    text = _text(path, _content(path))
    stated, text = _stated_separator(text)
    separator = stated or _separator(text)
    records = list(_records(path, text, separator, first=2 if stated else 1))
    if not records:
        raise InputError(f"{path} is empty; expected a header line with the names of the columns")
    names, kept = _header(path, records)
    return _table(path, names, kept, records[1:])


def _content(path: Path) -> bytes:
    """Reads the file, where it is one and not far too large."""
    try:
        if path.is_dir():
            raise InputError(f"{path} is a folder; expected a table, such as labels.csv")
        if path.stat().st_size > MOST_BYTES:
            raise InputError(
                f"{path} is larger than {MOST_BYTES // 2**20} MiB; expected a table of image names"
            )
        return path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"the table {path} does not exist") from None
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"the table {path} cannot be read: {reason}") from None


def _text(path: Path, content: bytes) -> str:
    """Decodes the file by its byte-order mark, else as UTF-8, UTF-16 or Windows-1252."""
    for magic, kind in _BINARY.items():
        if content.startswith(magic):
            raise InputError(f"{path} is {kind}, whatever its name says; save it as CSV (UTF-8)")
    for encoding in _encodings(content):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text.lstrip("\ufeff")
    raise InputError(f"{path} is no text; expected a table. Save it as CSV (UTF-8)")


def _encodings(content: bytes) -> tuple[str, ...]:
    """Gives the encodings to try, in order."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return ("utf-16",)
    start = content[:400]
    if start[1::2].count(0) > len(start) // 4:  # letters of the Latin alphabet in UTF-16
        return ("utf-16-le",)
    if start[::2].count(0) > len(start) // 4:
        return ("utf-16-be",)
    return ("utf-8", "cp1252", "latin-1")


def _stated_separator(text: str) -> tuple[str | None, str]:
    """Takes off Excel's own first line, ``sep=;``, where there is one."""
    match = re.match(r'"?sep=([,;|\t])"?[ \t]*(\r\n|\r|\n|$)', text, re.IGNORECASE)
    return (match[1], text[match.end() :]) if match else (None, text)


def _separator(text: str) -> str:
    """Chooses the separator that splits the most lines as it splits the header."""
    return max(_SEPARATORS, key=lambda separator: _fit(text, separator))


def _fit(text: str, separator: str) -> tuple[float, int]:
    """Tells how well a separator fits: the share of rows as long as the header; its length."""
    lengths: list[int] = []
    try:
        for values in _reader(text, separator):
            if any(map(str.strip, values)):
                lengths.append(len(values))
            if len(lengths) >= _SNIFFED:
                break
    except csv.Error:
        return 0.0, 0
    if not lengths or lengths[0] < 2:
        return 0.0, 0
    return lengths.count(lengths[0]) / len(lengths), lengths[0]


def _reader(text: str, separator: str) -> Iterator[list[str]]:
    return csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True)


def _records(
    path: Path, text: str, separator: str, first: int
) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yields the rows that are not blank, stripped, each with the line that it starts on."""
    ended = text if text.endswith(("\n", "\r")) or not text else f"{text}\n"
    reader = csv.reader(
        io.StringIO(f"{ended}{_SENTINEL}", newline=""), delimiter=separator, skipinitialspace=True
    )
    line = following = first
    try:
        while True:
            values = next(reader)
            line, following = following, reader.line_num + first
            if values == [_SENTINEL]:
                return
            clean = tuple(map(_clean, values))
            if any(clean):
                yield line, clean
    except StopIteration:  # the end of the text lies inside a quoted value
        raise InputError(
            f'{path}: a quotation mark (") is opened on line {line} or below and never closed; '
            "close it, or take it out"
        ) from None
    except csv.Error as error:
        raise InputError(
            f"{path}: line {following} cannot be read as a row of a table ({error}); expected one "
            "row a line. Export it again as CSV"
        ) from None


def _clean(value: str) -> str:
    return value.strip(_INVISIBLE).strip().strip(_INVISIBLE)


def _header(
    path: Path, records: Sequence[tuple[int, tuple[str, ...]]]
) -> tuple[list[str], list[int]]:
    """Names the columns: an empty name becomes the column's number, an empty column goes."""
    names, kept = [], []
    for index, raw in enumerate(records[0][1]):
        name = " ".join(raw.split())
        if not name and not any(len(values) > index and values[index] for _, values in records[1:]):
            continue
        names.append(name or f"column {index + 1}")
        kept.append(index)
    return names, kept


def _table(
    path: Path,
    names: Sequence[str],
    kept: Sequence[int],
    records: Sequence[tuple[int, tuple[str, ...]]],
) -> Table:
    """Makes the table of the names, the columns' places and the rows."""
    width = max(kept) + 1
    rows, damaged = [], []
    repeated = {name for name, count in Counter(names).items() if count > 1}
    differing: set[str] = set()
    for line, values in records:
        if any(values[width:]):
            damaged.append((line, _too_long(path, line, len(values), width)))
            continue
        full = values + ("",) * (width - len(values))
        pairs = [(name, full[index]) for name, index in zip(names, kept, strict=True)]
        if repeated:
            differing.update(_differing(pairs, repeated))
        rows.append(Row(line, dict(reversed(pairs))))  # of equal names, the first counts
    return Table(
        path, tuple(dict.fromkeys(names)), tuple(rows), tuple(damaged), frozenset(differing)
    )


def _differing(pairs: Sequence[tuple[str, str]], repeated: set[str]) -> set[str]:
    """Gives the repeated names whose columns hold different values in this row."""
    return {
        name for name in repeated if len({value for other, value in pairs if other == name}) > 1
    }


def _too_long(path: Path, line: int, found: int, width: int) -> str:
    return (
        f"{path.name}, line {line}: {found} values for {width} columns; put a value that holds "
        'the separator in quotation marks (")'
    )
