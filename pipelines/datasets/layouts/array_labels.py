"""The label or the patient of every row, from an array of numbers, of one-hot rows or of text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.datasets.layouts.sample import Problem
from pipelines.datasets.sources.stored_array import StoredArray
from pipelines.errors import InputError

_LARGEST = 2**28  # bytes of labels that are loaded
_SHOWN = 8


@dataclass
class Labels:
    """The labels of the rows.

    Attributes:
        name: the array's.
        values: the label of each row as text, indices included; nothing where a problem stands.
        problems: the rows that hold none.
    """

    name: str
    values: list[str | None]
    problems: list[Problem] = field(default_factory=list)


def is_labels(shape: Sequence[int]) -> bool:
    """Tells whether an array of this shape holds a label per row, not a map."""
    return len(shape) <= 2


def read_labels(array: StoredArray, classes: Sequence[str] = ()) -> Labels:
    """Reads the labels.

    Args:
        array: (N,) or (N, 1) of whole numbers or text, or (N, classes) one-hot.
        classes: names for the columns of one-hot rows; without them, any number of columns goes.

    Returns:
        A label or a problem for each row; the index of the 1 for a one-hot row.

    Raises:
        InputError: the array cannot be read or is too large, holds a table of text, or has another
            number of columns than ``classes``.
    """
    if array.shape[0] * array.row_size * np.dtype(array.dtype).itemsize > _LARGEST:
        raise InputError(
            f"{array.name} is larger than {_LARGEST} bytes, the limit for labels; save one "
            "index or name per image"
        )
    values = array.rows(0, array.shape[0])
    if array.row_size == 1:
        values = values.reshape(-1)
    if values.ndim == 1:
        if values.dtype.kind in "SU":
            return Labels(array.name, [_text(value) for value in values.tolist()])
        return _numbers(array.name, values)
    if values.dtype.kind in "SU":
        raise InputError(
            f"{array.name} holds text of the shape {array.shape}; expected one name per image"
        )
    if classes and len(classes) != array.shape[1]:
        raise InputError(
            f"{array.name} has {array.shape[1]} columns, --classes names {len(classes)} "
            f"({', '.join(classes)}); name every column, in their order"
        )
    return _one_hot(array.name, values)


def _text(value: str | bytes) -> str:
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    # An array may hold code points that no file can: they are halves of pairs.
    return text.encode("utf-8", "replace").decode("utf-8", "replace").strip()


def _numbers(name: str, values: NDArray[Any]) -> Labels:
    """Takes the rows for indices."""
    found = Labels(name, [])
    for index, value in enumerate(values.tolist()):
        if np.isfinite(value) and int(value) == value:
            found.values.append(str(int(value)))
            continue
        found.values.append(None)
        flaw = f"is {value:g}; expected a whole number. Correct it or take it out"
        found.problems.append(_problem(name, index, flaw))
    return found


def _one_hot(name: str, values: NDArray[Any]) -> Labels:
    """Takes the place of the 1 in each row for its index."""
    hot = ((values == 0) | (values == 1)).all(axis=1) & ((values == 1).sum(axis=1) == 1)
    found = Labels(name, [])
    for index, (right, place) in enumerate(zip(hot, values.argmax(axis=1), strict=True)):
        found.values.append(str(place) if right else None)
        if not right:
            found.problems.append(_problem(name, index, _not_hot(values[index])))
    return found


def _not_hot(row: NDArray[Any]) -> str:
    listed = ", ".join(f"{value:g}" for value in row[:_SHOWN].astype(float).tolist())
    more = ", …" if len(row) > _SHOWN else ""
    return (
        f"holds {listed}{more}, which sums to {row.sum(dtype=float):g}; expected a single 1 and "
        "else 0. Correct it or take it out"
    )


def _problem(name: str, index: int, flaw: str) -> Problem:
    return Problem(f"{name}#{index}", f'target "{name}#{index}" {flaw}')
