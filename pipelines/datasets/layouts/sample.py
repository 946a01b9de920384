"""What a layout's reader is asked for, and what it hands to the conversion."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipelines.datasets.sources.source import ImageSource, MaskSource

DUPLICATES = "near-duplicate clusters; no patient ids"
"""The grouping of data that says nothing about patients."""

_LITTER = frozenset({"thumbs.db", "desktop.ini", "__macosx", "icon\r"})
_NOTHING: dict[Any, Any] = {}


def _nothing() -> dict[Any, Any]:
    """Gives one empty mapping, always the same: a hundred thousand samples share it."""
    return _NOTHING


@dataclass(frozen=True)
class Facts:
    """What holds for a whole dataset, for the top of dataset.json.

    Attributes:
        name: short name of the data; where the layout knows none, see ``plain_name``.
        modality: DICOM modality code; ``OT`` where unknown.
        labels: names of the class indices, in order: of a segmentation the background first, of a
            classification the class names.
        licence: the terms of the public data.
        reference: what to cite.
        grouping: what the groups are: ``DUPLICATES``, or words such as ``patient ids of the data,
            joined with near-duplicate clusters``.
        channels: 1 (grey) or 3 (RGB): what is written where nobody asks for the other.
        healthy: class names whose masks are expected to be empty.
        colours: display colour (red, green, blue, 0 to 255) of each index, or nothing.
    """

    name: str
    modality: str
    labels: tuple[str, ...]
    licence: str = ""
    reference: str = ""
    grouping: str = DUPLICATES
    channels: int = 1
    healthy: frozenset[str] = frozenset()
    colours: tuple[tuple[int, int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Sample:
    """One image as it lies in the raw folder.

    Attributes:
        source: its path below the root, with forward slashes; ``#12`` is appended for row, frame or
            slice 12 of a file that holds several.
        image: where its pixels are.
        category: the name of its class; ``image`` in a segmentation set without classes.
        masks: where its masks are; several are merged by their maximum.
        group: patient or volume, hashed where it would identify a person; nothing where unknown.
        part: ``train``, ``validation`` or ``test`` where the data came split.
        columns: further columns of its item in dataset.json; never keys of the contract.
    """

    source: str
    image: ImageSource
    category: str
    masks: tuple[MaskSource, ...] = ()
    group: str | None = None
    part: str | None = None
    columns: Mapping[str, str] = field(default_factory=_nothing)


@dataclass(frozen=True)
class Problem:
    """Why one sample cannot be converted.

    Attributes:
        source: the file or row concerned, as in ``Sample.source``.
        line: the whole sentence for a person, with the remedy.
    """

    source: str
    line: str


@dataclass
class Scan:
    """What a raw folder holds.

    Attributes:
        root: the folder that was read: the given one, or the single folder inside it.
        facts: what holds for all samples.
        samples: the images, by class, then in natural order of their names.
        problems: with any, nothing is converted, unless the person asked to go on without them.
        warnings: one line each; what was odd but does no harm.
    """

    root: Path
    facts: Facts
    samples: list[Sample] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Request:
    """What the person asked for.

    Attributes:
        task: ``segmentation`` or ``classification``.
        classes: names in the order of their indices, or nothing.
        mapping: values that masks may hold, each with its class index.
        options: the layout's own options by name, such as ``image_column``; absent or None where
            not given.
    """

    task: str
    classes: tuple[str, ...] = ()
    mapping: Mapping[int, int] = field(default_factory=_nothing)
    options: Mapping[str, Any] = field(default_factory=_nothing)


def natural(name: str) -> tuple[list[tuple[int, int | str]], str]:
    """Gives a sort key by which ``benign (2)`` comes before ``benign (10)``.

    Examples:
        >>> sorted(["b (10)", "b (2)"], key=natural)
        ['b (2)', 'b (10)']
    """
    parts = re.split(r"([0-9]+)", name.casefold())
    return [(0, int(part)) if index % 2 else (1, part) for index, part in enumerate(parts)], name


def is_litter(name: str) -> bool:
    """Tells whether a name is of those that file managers leave behind, hidden ones included."""
    return name.startswith(".") or name.casefold() in _LITTER


def listing(folder: Path) -> list[Path]:
    """Lists a folder without litter, in natural order."""
    entries = [entry for entry in folder.iterdir() if not is_litter(entry.name)]
    return sorted(entries, key=lambda entry: natural(entry.name))


def printable(path: Path, root: Path) -> str:
    """Gives a path below the raw folder as text, with forward slashes.

    Bytes that are no UTF-8, as old archives leave them in names, become replacement marks.
    """
    text = path.relative_to(root).as_posix()
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def plain_name(folder: Path) -> str:
    """Makes a short dataset name of a folder's name.

    Examples:
        >>> plain_name(Path("raw/My Tissue (2)"))
        'my-tissue-2'
    """
    name = (
        Path(folder).absolute().name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    )
    return re.sub(r"[^\w]+", "-", name.casefold()).strip("-_") or "data"
