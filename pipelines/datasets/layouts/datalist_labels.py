"""The class of an entry of a datalist: by index, by name, or by a one-hot row."""

from __future__ import annotations

from typing import Any

from pipelines.datasets.layouts.datalist_file import Datalist
from pipelines.datasets.layouts.datalist_items import Entry, is_mask, short
from pipelines.datasets.sources.label_rule import first_few
from pipelines.errors import InputError


def class_label(entry: Entry, datalist: Datalist) -> str:
    """Gives the class of an entry.

    Args:
        entry: the entry.
        datalist: the list, which may name the indices.

    Returns:
        A name, or an index as text where nothing names it.

    Raises:
        InputError: it has none, or two that contradict; the message is the end of a sentence that
            names the entry.
    """
    label = entry.label
    if isinstance(label, list):
        label = _one_hot(label)
    if isinstance(label, float) and label.is_integer():
        label = int(label)
    if isinstance(label, str) and entry.category and (is_mask(label) or not label.strip()):
        return entry.category
    if isinstance(label, str):
        return _class_name(label.strip(), datalist)
    if label is None and entry.category:
        return entry.category
    if type(label) is not int:
        raise InputError(f"has the label {short(entry.label)}; expected a class index or name")
    return _of_index(label, entry, datalist)


def _class_name(label: str, datalist: Datalist) -> str:
    """Checks a label that is a text."""
    if is_mask(label):
        raise InputError(
            f'has the mask "{label}" as label and names no "class"; convert with '
            "--task segmentation, or give classes"
        )
    if not label:
        raise InputError("has an empty label; expected a class index or name")
    if label not in datalist.labels.values() and label.isascii() and label.isdigit():
        return datalist.labels.get(int(label[:9]), label)
    return label


def _of_index(index: int, entry: Entry, datalist: Datalist) -> str:
    """Names a class index."""
    if not datalist.labels:
        return entry.category or str(index)
    if index not in datalist.labels:
        known = first_few(f"{number} {name}" for number, name in datalist.labels.items())
        raise InputError(f"has the label {index}; the labels of the list are {known}")
    name = datalist.labels[index]
    if entry.category and entry.category != name:
        raise InputError(
            f'has the label {index} ({name}), but the class "{entry.category}"; correct one of them'
        )
    return name


def _one_hot(label: list[Any]) -> int:
    """Gives the index of the only 1."""
    if sorted(map(repr, label)) not in (
        [*["0"] * (len(label) - 1), "1"],
        [*["0.0"] * (len(label) - 1), "1.0"],
    ):
        raise InputError(f"has the label {short(label)}; expected zeros and a single 1 (one-hot)")
    return label.index(1)
