"""The csv-labels layout: pictures, and a table that names the class of each.

The table is found by itself where it is the only one; so are the columns where their names or what
they hold leave one choice. ``--preset`` reads a public set as it is published.

**Patients.** The values of the patient column group the images, so that no patient stands on both
sides of a split. They may be names or hospital numbers, so whatever they look like, they become a
pseudonym: ``p`` and twelve hexadecimal digits of a hash (see ``pseudonym``). With
``--keep-group-names`` they stay as they stand, and the column is kept. Names of files are kept
either way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from pipelines.datasets.layouts.classes import Classes, check_several, match_classes
from pipelines.datasets.layouts.columns import Columns, choose_columns
from pipelines.datasets.layouts.find_table import find_table
from pipelines.datasets.layouts.labelled_rows import Entry, LabelledRows
from pipelines.datasets.layouts.lookup import Lookup, image_folder
from pipelines.datasets.layouts.presets import PRESETS, Preset
from pipelines.datasets.layouts.pseudonym import PATIENTS
from pipelines.datasets.layouts.sample import (
    DUPLICATES,
    Facts,
    Request,
    Sample,
    Scan,
    natural,
    plain_name,
)
from pipelines.datasets.layouts.walk import Walk, is_picture, shown, walk
from pipelines.datasets.sources.label_rule import first_few
from pipelines.datasets.sources.picture_file import PictureFile
from pipelines.datasets.table import SUFFIXES, Table, read_table
from pipelines.errors import InputError

NAME = "csv-labels"

_START = 4096  # bytes of a table that its sign is looked for in


def scan(raw: Path, request: Request) -> Scan:
    """Lists the images that a table names, with their classes; opens none.

    Args:
        raw: the folder that holds the images, and most often the table.
        request: what the person asked for; of its options ``csv``, ``images``, ``image_column``,
            ``label_column``, ``group_column``, ``split_column``, ``keep_columns``, ``suffix``,
            ``preset``, ``modality`` and ``keep_group_names``.

    Returns:
        Samples by class, then in natural order of their paths; problems and warnings.

    Raises:
        InputError: the folder, the table or a column is missing or unclear, or the labels are
            numbers that nobody named.
    """
    preset = _preset(request)
    options = _options(request, preset)
    if preset and not request.classes:
        request = replace(request, classes=preset.classes)
    tree = walk(raw, NAME)
    table = read_table(find_table(tree, options.get("csv"), NAME))
    _check_rows(table)
    lookup = _lookup(tree, options)
    columns = choose_columns(table, options, lookup.find)
    where = f'column "{columns.label}" of {table.path}'
    classes = match_classes(map(columns.label_of, table.rows), request, where)
    rows = LabelledRows(table, columns, classes, lookup, bool(options.get("keep_group_names")))
    samples = _samples(rows.entries(), classes.names, raw)
    facts = _facts(raw, options, preset, classes, columns)
    warnings = [*tree.warnings, *_choices(columns), *rows.warnings]
    found = Scan(raw, facts, samples, [*tree.problems, *rows.problems], warnings)
    check_several(found)
    return found


def sign(root: Path, files: list[PurePosixPath]) -> str | None:
    """Looks for a table whose first rows name pictures of the folder.

    Args:
        root: the folder.
        files: the first thousands of its files, relative.

    Returns:
        The table's path, or nothing.
    """
    stems = {file.stem for file in files if is_picture(file)}
    for file in files:
        if stems and file.suffix.casefold() in SUFFIXES and _names(root / file, stems):
            return shown(file)
    return None


def _names(path: Path, stems: set[str]) -> bool:
    """Tells whether a value at the start of a table names one of the pictures."""
    try:
        with path.open("rb") as file:
            text = file.read(_START).decode("utf-8", "replace").replace("\0", "")
    except OSError:
        return False
    for mark in "\t;|\"',\r":
        text = text.replace(mark, "\n")
    values = (value.strip().replace("\\", "/") for value in text.split("\n"))
    paths = (PurePosixPath(value) for value in values if value)
    return any(path.name in stems or path.stem in stems for path in paths)


def _preset(request: Request) -> Preset | None:
    """Gives the preset that was asked for."""
    name = request.options.get("preset")
    if not name:
        return None
    if name not in PRESETS:
        raise InputError(f'there is no preset "{name}"; expected one of {", ".join(PRESETS)}')
    return PRESETS[name]


def _options(request: Request, preset: Preset | None) -> dict[str, Any]:
    """Joins the preset's options with those that were given; the latter count."""
    given = {name: value for name, value in request.options.items() if value is not None}
    return {**(preset.options if preset else {}), **given}


def _facts(
    raw: Path, options: Mapping[str, Any], preset: Preset | None, classes: Classes, columns: Columns
) -> Facts:
    return Facts(
        name=preset.name if preset else plain_name(raw),
        modality=options.get("modality") or (preset.modality if preset else "OT"),
        labels=classes.names,
        licence=preset.licence if preset else "",
        reference=preset.reference if preset else "",
        grouping=PATIENTS if columns.group else DUPLICATES,
    )


def _check_rows(table: Table) -> None:
    """Refuses a table without rows, and one whose first line names an image."""
    first = next((name for name in table.columns if is_picture(PurePosixPath(name))), None)
    if first is not None:
        raise InputError(
            f'{table.path} has no header: its first line holds "{first}". Put a line with the '
            "names of the columns above it, such as image,label"
        )
    if not table.rows and not table.damaged:
        raise InputError(f"{table.path} has no rows below its header ({table.listed()})")


def _lookup(tree: Walk, options: Mapping[str, Any]) -> Lookup:
    """Makes what finds images by their names, in the folder that was given."""
    given = options.get("images")
    folder = image_folder(tree, given) if given else PurePosixPath()
    suffix = options.get("suffix") or ""
    suffix = suffix if suffix.startswith(".") or not suffix else f".{suffix}"
    if suffix and not is_picture(PurePosixPath(f"x{suffix}")):
        raise InputError(f"--suffix {suffix} is no picture's; expected one such as .png or .jpg")
    lookup = Lookup(tree.pictures, folder, suffix, tree.root.absolute().name)
    if not lookup.files and not tree.problems:
        raise InputError(
            f"{tree.root / folder} holds no picture; expected the images that the table names, "
            "such as x.png"
        )
    return lookup


def _choices(columns: Columns) -> list[str]:
    """Says which columns were chosen without being asked for, and that none is of patients."""
    lines = []
    if columns.guessed:
        chosen = ", ".join(f'{option} "{name}"' for option, name in columns.guessed.items())
        lines.append(f"columns were chosen by what they are called and hold: {chosen}")
    if columns.unused:
        lines.append(
            f"no patient column was taken; unused columns: {first_few(columns.unused)}. If one "
            "tells patients apart, say --group-column NAME, else --group-column none"
        )
    return lines


def _samples(entries: list[Entry], names: tuple[str, ...], root: Path) -> list[Sample]:
    """Makes the samples, by class, then in natural order of their paths."""
    order = {name: index for index, name in enumerate(names)}
    samples = [
        Sample(
            source=shown(entry.file),
            image=PictureFile(root / entry.file),
            category=entry.category,
            group=entry.group,
            part=entry.part,
            columns=entry.columns,
        )
        for entry in entries
    ]
    return sorted(samples, key=lambda each: (order[each.category], natural(each.source)))
