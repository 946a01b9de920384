"""What a layout's reader hands to the conversion."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

_LITTER = frozenset({"thumbs.db", "desktop.ini", "__macosx", "icon\r"})


@dataclass(frozen=True)
class Facts:
    """What holds for every dataset of a layout, for the top of dataset.json.

    Attributes:
        name: name of the data.
        modality: DICOM modality code.
        labels: names of the class indices of a mask, in order.
        licence: the terms of the public data.
        reference: what to cite.
        grouping: what the groups are.
        healthy: class names whose masks are expected to be empty.
    """

    name: str
    modality: str
    labels: tuple[str, ...]
    licence: str
    reference: str
    grouping: str
    healthy: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Sample:
    """One image as it lies in the raw folder.

    Attributes:
        source: its path below the raw folder, with forward slashes.
        image: its file.
        masks: the files of its masks.
        category: the name of its class.
    """

    source: str
    image: Path
    masks: tuple[Path, ...]
    category: str


@dataclass
class Scan:
    """What a raw folder holds.

    Attributes:
        root: the folder that was read: the given one, or the single folder inside it.
        samples: the images, by class, then in natural order of their names.
        problems: one line each; with any, nothing is converted.
        warnings: one line each; what was odd but does no harm.
    """

    root: Path
    samples: list[Sample] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


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
