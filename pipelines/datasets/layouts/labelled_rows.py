"""From the rows of a table to the samples that they describe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from pipelines.datasets.layouts.classes import Classes
from pipelines.datasets.layouts.columns import Columns, kept_key
from pipelines.datasets.layouts.lookup import Lookup
from pipelines.datasets.layouts.parts import FOLDERS, part_of_value
from pipelines.datasets.layouts.pseudonym import pseudonym, whole
from pipelines.datasets.layouts.sample import Problem
from pipelines.datasets.layouts.walk import shown
from pipelines.datasets.table import Row, Table
from pipelines.errors import InputError

_NAMED = 5  # images that one warning names before it only counts them


@dataclass(frozen=True)
class Entry:
    """What a row says of an image.

    Attributes:
        line: the row's line in the file.
        file: the image, relative to the raw folder.
        category: its class.
        group: its patient, where one is given.
        part: its part, where one is given.
        columns: the kept columns that are not empty.
    """

    line: int
    file: PurePosixPath
    category: str
    group: str | None
    part: str | None
    columns: Mapping[str, str]


@dataclass
class LabelledRows:
    """Reads the rows of a table one by one.

    Attributes:
        table: the table.
        columns: which column holds what.
        classes: the classes of the labels.
        lookup: finds the images.
        keep_groups: whether patients are stored as they stand, as a column, and not hashed.
        problems: what is wrong with rows, in the order of the table.
        warnings: what is odd.
    """

    table: Table
    columns: Columns
    classes: Classes
    lookup: Lookup
    keep_groups: bool = False
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def entries(self) -> list[Entry]:
        """Gives one entry for each image whose rows are right; fills problems and warnings."""
        name = shown(self.table.path.name)
        lines = {line: Problem(f"{name}#{line}", text) for line, text in self.table.damaged}
        by_file: dict[PurePosixPath, list[Entry]] = {}
        named: set[PurePosixPath] = set()
        for row in self.table.rows:
            entry, file, reason = self._read(row)
            if entry is not None:
                by_file.setdefault(entry.file, []).append(entry)
            else:
                text = f"{name}, line {row.line}{reason}"
                lines[row.line] = Problem(f"{name}#{row.line}", text)
            if file is not None:
                named.add(file)
        self.problems.extend(lines[line] for line in sorted(lines))
        entries = [entry for rows in by_file.values() if (entry := self._agreed(rows))]
        self._warn(entries, named)
        return entries

    def _read(self, row: Row) -> tuple[Entry | None, PurePosixPath | None, str]:
        """Gives a row's entry and its image, else the rest of a sentence that says why not."""
        name, label = row.values[self.columns.image], self.columns.label_of(row)
        part, wrong_part = self._part(row)
        reasons = [self.classes.wrong.get(label, ""), wrong_part]
        try:
            file = self.lookup.find(name)
        except InputError as error:
            reasons = [str(error), *filter(None, reasons)]
            return None, None, ", " + "; it ".join(reasons)
        if any(reasons):
            return None, file, f' ("{name}"), ' + "; it ".join(filter(None, reasons))
        category = self.classes.of[label]
        return Entry(row.line, file, category, self._group(row), part, self._kept(row)), file, ""

    def _part(self, row: Row) -> tuple[str | None, str]:
        """Gives the part of a row, else what is wrong with it."""
        column = self.columns.split
        if column is None:
            return None, ""
        value = " ".join(row.values[column].split())
        part = part_of_value(column, value)
        if part:
            return part, ""
        return None, f'has "{value}" in column "{column}"; expected a part: {FOLDERS}'

    def _group(self, row: Row) -> str | None:
        """Gives the patient of a row, hashed unless asked otherwise."""
        value = whole(row.values[self.columns.group]) if self.columns.group else ""
        if not value:
            return None
        return value if self.keep_groups else pseudonym(value)

    def _kept(self, row: Row) -> dict[str, str]:
        """Gives the columns that are kept, and the patient where it is not hashed."""
        columns = dict(self.columns.kept)
        if self.keep_groups and self.columns.group:
            columns.setdefault(self.columns.group, kept_key(self.columns.group))
        return {key: row.values[name] for name, key in columns.items() if row.values[name]}

    def _agreed(self, rows: list[Entry]) -> Entry | None:
        """Gives the entry of one image; rows that contradict one another are a problem."""
        first, file = rows[0], shown(rows[0].file)
        if len(rows) == 1:
            return first
        lines = ", ".join(str(row.line) for row in rows)
        differing = [
            f"{kind} ({', '.join(sorted({str(getattr(row, key)) for row in rows}))})"
            for key, kind in (("category", "classes"), ("group", "patients"), ("part", "parts"))
            if len({getattr(row, key) for row in rows}) > 1
        ]
        table = f"{shown(self.table.path.name)}, lines {lines}"
        if differing:
            says = f'give the image "{file}" different {" and ".join(differing)}'
            self.problems.append(Problem(file, f"{table}, {says}; keep the row that is right"))
            return None
        self.warnings.append(f'{table}, say the same of the image "{file}"')
        return first

    def _warn(self, entries: list[Entry], named: set[PurePosixPath]) -> None:
        """Warns of images without a row, classes without an image, images without a patient."""
        rest = [shown(file) for file in self.lookup.files if file not in named]
        if rest:
            table = shown(self.table.path.name)
            self.warnings.append(f"{_images_have(rest)} no row in {table}: {_first(rest)}")
        used = {entry.category for entry in entries}
        unused = [name for name in self.classes.names if name not in used]
        self.warnings.extend(f'no image has the class "{name}"' for name in unused)
        column = self.columns.group
        alone = [shown(entry.file) for entry in entries if column and entry.group is None]
        if alone:
            self.warnings.append(
                f'{_images_have(alone)} no patient in column "{column}": {_first(alone)}; only '
                "near-duplicates group them"
            )


def _images_have(names: list[str]) -> str:
    return f"{len(names)} images have" if len(names) > 1 else "1 image has"


def _first(names: list[str]) -> str:
    """Names the first few."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(f'"{name}"' for name in names[:_NAMED]) + more
