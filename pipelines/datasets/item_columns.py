"""Columns of a dataset's items, by which people group, stratify and divide them."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence

from pipelines.datasets.dataset import Item
from pipelines.datasets.table import nearest
from pipelines.errors import InputError

_NO_COLUMNS = frozenset({"image", "label", "fold", "sha256", "label_sha256"})
_SHOWN = 12  # names that a message lists before it only counts them


def column_names(items: Sequence[Item]) -> list[str]:
    """Names the columns that some item has, in the order in which they appear.

    Args:
        items: entries of dataset.json.

    Returns:
        The names, without the keys that tell an image from every other, and without the fold.
    """
    names = dict.fromkeys(key for item in items for key in item)
    return [name for name in names if name not in _NO_COLUMNS]


def column_values(items: Sequence[Item], column: str, option: str) -> list[str | None]:
    """Gives the value of every item in a column, as text.

    Args:
        items: entries of dataset.json.
        column: the name of the column.
        option: the option that named it, such as ``--group``, for messages.

    Returns:
        A text for each item; nothing where the item lacks the column or its value is empty. The
        number 3.0 is the text 3.

    Raises:
        InputError: no item has the column, or a value is a list or an object.
    """
    names = column_names(items)
    if column not in names:
        meant = nearest(column, names)
        hint = f' Did you mean "{meant}"?' if meant else ""
        raise InputError(
            f'{option}: the images have no column "{column}" to be divided by; they have '
            f"{_listed(names)}.{hint}"
        )
    return [_text(item, column, option) for item in items]


def complete_values(items: Sequence[Item], column: str, option: str) -> list[str]:
    """Gives the value of every item in a column that none may lack.

    Args:
        items: entries of dataset.json.
        column: the name of the column.
        option: the option that named it, for messages.

    Returns:
        A text for each item.

    Raises:
        InputError: as ``column_values``, or an item has no value; the first is named.
    """
    values = column_values(items, column, option)
    missing = [item["image"] for item, value in zip(items, values, strict=True) if value is None]
    if missing:
        rest = len(missing) - 1
        subject = f"{missing[0]} and {rest} more have" if rest else f"{missing[0]} has"
        raise InputError(
            f'{option}: {subject} no "{column}"; expected a value for every image: fill it in'
        )
    return [value for value in values if value is not None]


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(f'"{name}"' for name in names[:_SHOWN])
    rest = len(names) - _SHOWN
    return f"{shown} and {rest} more" if rest > 0 else shown


def _text(item: Item, column: str, option: str) -> str | None:
    """Gives one value as text, or nothing."""
    value = item.get(column)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        whole = str(int(value)) if value.is_integer() else str(value)
        return None if math.isnan(value) else whole
    if isinstance(value, str | int):
        return str(value).strip() or None
    if value is None:
        return None
    raise InputError(
        f'{option}: "{column}" of {item["image"]} is {json.dumps(value)[:60]}; expected a text or '
        "a number"
    )
