"""The entries of a datalist: their files, labels, groups and further columns, each checked."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from pipelines.datasets.dataset import KNOWN_ITEM_KEYS
from pipelines.datasets.layouts.datalist_file import SECTIONS, Datalist, is_text
from pipelines.datasets.layouts.datalist_nifti import check_flat, is_nifti
from pipelines.datasets.layouts.parts import part_of
from pipelines.datasets.layouts.pseudonym import pseudonym
from pipelines.datasets.layouts.sample import Problem
from pipelines.datasets.layouts.walk import is_picture, shown
from pipelines.errors import InputError

_PATIENT = ("patient", "patient_id", "patientid", "subject", "subject_id", "subjectid")
_OWN = KNOWN_ITEM_KEYS | {"name", "path"}


@dataclass(frozen=True)
class Entry:
    """An entry of a datalist whose files exist.

    Attributes:
        where: its place, such as ``training[3]``.
        image: path of the image below the raw folder.
        label: what stands there: a path, a name or a number.
        category: its class where it names one beside the label.
        group: what must stay together, where it says.
        patient: whether the group is a patient, by a pseudonym.
        part: ``train``, ``validation`` or ``test``, by its list or its own word.
        spacing: millimetres per pixel (row, column), where it says.
        columns: what else it says.
    """

    where: str
    image: PurePosixPath
    label: Any
    category: str | None
    group: str | None
    patient: bool
    part: str
    spacing: tuple[float, float] | None
    columns: Mapping[str, str]


@dataclass
class Entries:
    """The entries of a datalist.

    Attributes:
        entries: those that can be used so far, in order.
        problems: why others cannot.
        unlabelled: places of entries without a label outside the training, which are left out.
        dropped: keys whose values are no texts or numbers, and are left out.
        folds: whether any entry has a fold.
        named: every file that the list names, whether it can be used or not.
    """

    entries: list[Entry] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    unlabelled: list[str] = field(default_factory=list)
    dropped: dict[str, None] = field(default_factory=dict)
    folds: bool = False
    named: set[str] = field(default_factory=set)

    @property
    def parts(self) -> set[str]:
        """The parts that there are entries of."""
        return {entry.part for entry in self.entries}


def read_entries(raw: Path, datalist: Datalist) -> Entries:
    """Checks the entries of a datalist; opens no image.

    Args:
        raw: the raw folder.
        datalist: the datalist.

    Returns:
        The entries whose images exist; their labels are not looked at yet.
    """
    found = Entries()
    name = shown(datalist.path.name)
    by_image: dict[PurePosixPath, list[Entry]] = {}
    for where, part, item in _listed(datalist):
        found.named.update(_files_of(item))
        try:
            entry = _entry(raw, where, part, item, found)
        except InputError as error:
            found.problems.append(Problem(where, f"{name}: {where} {error}"))
            continue
        if entry is None:
            continue
        by_image.setdefault(entry.image, []).append(entry)
    for entries in by_image.values():
        found.problems += _repeated(entries, name)
        if not _differing(entries):
            found.entries.append(entries[0])
    return found


def _repeated(entries: list[Entry], name: str) -> list[Problem]:
    """Says that several entries name one image: of those that agree, the first can be used."""
    first, *others = entries
    image = shown(first.image)
    differing = _differing(entries)
    if differing:
        places = " and ".join(entry.where for entry in entries)
        line = (
            f'{name}: {places} name the same image "{image}", and contradict one another in '
            f"{' and '.join(differing)}; keep the one that is right"
        )
        return [Problem(image, line)]
    return [
        Problem(
            entry.where,
            f'{name}: {first.where} and {entry.where} name the same image "{image}"; take one out',
        )
        for entry in others
    ]


def _differing(entries: list[Entry]) -> list[str]:
    """Names what several entries of one image say differently."""
    said: dict[str, list[object]] = {
        "labels": [(short(entry.label), entry.category) for entry in entries],
        "groups": [entry.group for entry in entries],
        "parts": [entry.part for entry in entries],
    }
    found = {kind: set(values) for kind, values in said.items()}
    return [
        f"their {kind} ({', '.join(sorted(_word(value) for value in values))})"
        for kind, values in found.items()
        if len(values) > 1
    ]


def _word(value: object) -> str:
    """Shows a label with its class, where it has one, or another value."""
    parts = value if isinstance(value, tuple) else (value,)
    return " ".join(str(part) for part in parts if part is not None) or "none"


def task_of_labels(datalist: Datalist) -> str | None:
    """Tells by the first label what task a datalist is for, without looking for its files.

    Args:
        datalist: the datalist.

    Returns:
        ``segmentation`` where the label is a file by its name, else ``classification``; nothing
        where no entry has a label.
    """
    for _, _, item in _listed(datalist):
        if not isinstance(item, dict):
            continue
        label = item.get("label")
        if isinstance(label, str) and is_mask(label):
            return "segmentation"
        if label is not None or item.get("class") is not None:
            return "classification"
    return None


def is_mask(label: str) -> bool:
    """Tells whether a label that is a text is the name of a file."""
    path = PurePosixPath(label)
    return is_picture(path) or is_nifti(path)


def file_below(raw: Path, value: object, what: str) -> PurePosixPath:
    """Checks a path of the datalist: relative, inside the raw folder, of an existing file.

    Args:
        raw: the raw folder.
        value: what the datalist holds.
        what: ``image`` or ``label``, for messages.

    Returns:
        The path below the raw folder.

    Raises:
        InputError: it is no such path; the message is the end of a sentence that names the entry.
    """
    if not is_text(value) or not str(value).strip():
        raise InputError(f"has the {what} {short(value)}; expected the path of one file")
    text = str(value)
    path = PurePosixPath(text)
    if path.is_absolute() or ".." in path.parts or "\\" in text or text[1:2] == ":":
        raise InputError(
            f'names the {what} "{_printed(text)}"; expected a path below the raw folder, with '
            "forward slashes"
        )
    if any(ord(letter) < 32 for letter in text):
        raise InputError(f'names the {what} "{_printed(text)}", which holds control characters')
    try:
        exists = (raw / path).is_file()
    except OSError:  # such as a name that is too long
        exists = False
    if not exists:
        raise InputError(
            f'names the {what} "{_printed(text)}", which does not exist; add the file, or take the '
            "entry out"
        )
    if not Path(os.path.realpath(raw / path)).is_relative_to(os.path.realpath(raw)):
        raise InputError(
            f'names the {what} "{_printed(text)}", a link that leads out of the raw folder; put a '
            "copy in its place"
        )
    return path


def short(value: object) -> str:
    """Shows a value of the file, shortened, so that a message stays one line."""
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _listed(datalist: Datalist) -> Iterator[tuple[str, str, Any]]:
    """Yields every entry with its place and its part."""
    for section, part in SECTIONS.items():
        for index, item in enumerate(datalist.content.get(section, [])):
            yield f"{section}[{index}]", part, item


def _files_of(item: Any) -> Iterator[str]:
    """Yields what an entry may name as a file."""
    values = (item.get("image"), item.get("label")) if isinstance(item, dict) else (item,)
    for value in values:
        if isinstance(value, str):
            yield PurePosixPath(value).as_posix()


def _entry(raw: Path, where: str, part: str, item: Any, found: Entries) -> Entry | None:
    """Reads one entry; nothing where it has no label and needs none."""
    if isinstance(item, str):
        item = {"image": item}
    if not isinstance(item, dict):
        raise InputError(f'is {short(item)}; expected an object with "image" and "label"')
    if "image" not in item:
        key = ' "image"; give one' if "label" not in item else ' image for its label; give "image"'
        raise InputError(f"has no{key}")
    if item.get("label") is None and item.get("class") is None:
        if part != "train":
            found.unlabelled.append(where)
            return None
        raise InputError(f'names the image {short(item["image"])} without a label; give "label"')
    image = file_below(raw, item["image"], "image")
    if not (is_picture(image) or is_nifti(image)):
        raise InputError(f'names the image "{image}", which is neither a picture nor NIfTI by name')
    check_flat(raw, image, "image")
    group, patient = _group(item)
    found.folds |= "fold" in item
    return Entry(
        where=where,
        image=image,
        label=item.get("label"),
        category=_named(item, "class"),
        group=group,
        patient=patient,
        part=part_of(_named(item, "part") or "") or part,
        spacing=_spacing(item),
        columns=_columns(item, found),
    )


def _group(item: Mapping[str, Any]) -> tuple[str | None, bool]:
    """Gives what must stay together; patients by a pseudonym."""
    group = _named(item, "group")
    if group is not None:
        return group, False
    for key in item:
        if key.casefold() in _PATIENT:
            patient = _named(item, key)
            return (None, False) if patient is None else (pseudonym(patient), True)
    return None, False


def _spacing(item: Mapping[str, Any]) -> tuple[float, float] | None:
    """Gives an entry's spacing, as our own datasets write it."""
    value = item.get("spacing")
    if value is None:
        return None
    if isinstance(value, list) and len(value) == 2:
        row, column = value
        if all(type(one) in (int, float) and 0 < one < 1e6 for one in value):
            return float(row), float(column)
    raise InputError(
        f"has the spacing {short(value)}; expected two numbers above 0: millimetres per pixel, row "
        "and column"
    )


def _named(item: Mapping[str, Any], key: str) -> str | None:
    """Gives an entry's text or number under a key."""
    value = item.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not (is_text(value) or isinstance(value, int)):
        raise InputError(f"has the {key} {short(value)}; expected a text")
    return str(value).strip() or None


def _columns(item: Mapping[str, Any], found: Entries) -> dict[str, str]:
    """Keeps what else an entry says."""
    columns = {}
    for key, value in item.items():
        if key.casefold() in _PATIENT or key in _OWN:
            continue
        if not is_text(key) or not (is_text(value) or type(value) in (int, float, bool)):
            found.dropped[short(key)] = None
        else:
            columns[key] = value if isinstance(value, str) else json.dumps(value)
    for key, column in (("fold", "source_fold"), ("source", "origin")):
        value = item.get(key)
        if column not in columns and (is_text(value) or type(value) is int):
            columns[column] = str(value)
    return columns


def _printed(text: str) -> str:
    """Shows a text without control characters."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)[:200]
