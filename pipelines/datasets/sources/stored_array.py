"""An array in a file, read row by row: no more than a block of it is ever in memory."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipelines.datasets.sources.array_header import HEAD, ArrayHeader, parse_header
from pipelines.datasets.sources.scratch import Scratch
from pipelines.errors import InputError

BLOCK = 2**23
"""Bytes that are read at once where a whole array is looked through."""

_STRIPE = 2**25  # bytes that are read, and as many that are written, while an array is turned


@dataclass(frozen=True, slots=True)
class StoredArray:
    """An array whose rows lie one after another in a file.

    Rows are read by their place in the file, not through a memory map: that costs the same, keeps
    the memory of a worker constant, and a file that is cut short meanwhile gives an error instead
    of a killed process.

    Attributes:
        name: its path below the raw root, such as ``Input.npy`` or ``data.npz/images.npy``.
        path: the file of the raw folder that holds it.
        dtype: of the values, as NumPy writes it, such as ``|u1``.
        shape: its axes, the rows first.
        offset: where in the file the values begin.
        scratch: the temporary file that holds the values instead, where the raw file has them
            compressed or in Fortran order.
    """

    name: str
    path: Path
    dtype: str
    shape: tuple[int, ...]
    offset: int
    scratch: Scratch | None = field(default=None, compare=False, repr=False)

    @property
    def row_size(self) -> int:
        """Number of values of a row."""
        return math.prod(self.shape[1:])

    @property
    def kind(self) -> str:
        """NumPy's letter for the kind of the values: b, i, u, f, S or U."""
        return np.dtype(self.dtype).kind

    def rows(self, start: int, stop: int) -> NDArray[np.generic]:
        """Reads rows.

        Args:
            start: the first row, from 0.
            stop: the row behind the last, at most ``shape[0]``.

        Returns:
            The values, (stop - start, …), a copy of its own.

        Raises:
            InputError: the file cannot be read, or has become shorter.
        """
        dtype = np.dtype(self.dtype)
        count = (stop - start) * self.row_size
        place = self.scratch.path if self.scratch else self.path
        try:
            with place.open("rb", buffering=0) as file:
                file.seek(self.offset + start * self.row_size * dtype.itemsize)
                values = np.fromfile(file, dtype, count)
        except OSError as error:
            raise InputError(f"{self.name} cannot be read: {error.strerror or error}") from None
        if len(values) < count:
            raise InputError(f"{self.name} has become shorter while it was read; start again")
        return values.reshape(stop - start, *self.shape[1:])

    def blocks(self) -> Iterator[tuple[int, NDArray[np.generic]]]:
        """Yields all rows, some at once, each time with the number of the first."""
        step = max(1, BLOCK // (self.row_size * np.dtype(self.dtype).itemsize))
        for start in range(0, self.shape[0], step):
            yield start, self.rows(start, min(start + step, self.shape[0]))


def open_npy(path: Path, name: str) -> StoredArray:
    """Opens a ``.npy`` file; reads its header only, unless it is in Fortran order.

    Args:
        path: the file.
        name: what messages call it.

    Returns:
        The array. One in Fortran order is copied, row by row, to a temporary file.

    Raises:
        InputError: it cannot be read, is no array, truncated, longer than it says, or holds
            what is refused; see ``parse_header``.
    """
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
            size = file.seek(0, 2)
    except OSError as error:
        raise InputError(f"{name} cannot be read: {error.strerror or error}") from None
    header = parse_header(head, name)
    check_size(header, size - header.length, name)
    array = StoredArray(name, path, header.dtype.str, header.shape, header.length)
    return in_row_order(array) if header.fortran else array


def check_size(header: ArrayHeader, size: int, name: str) -> None:
    """Compares what a header promises with what the file holds.

    Args:
        header: the header.
        size: bytes behind the header.
        name: what messages call the array.

    Raises:
        InputError: there are fewer bytes, or more.
    """
    if size < header.size:
        raise InputError(
            f"{name} is truncated: its shape {header.shape} needs {header.size} bytes, it holds "
            f"{size}. Copy or save it again, or take it out"
        )
    if size > header.size:
        raise InputError(
            f"{name} holds {size - header.size} bytes more than its shape {header.shape} needs, "
            "perhaps a second array. Save one array per file"
        )


def in_row_order(array: StoredArray) -> StoredArray:
    """Copies an array whose file has the first axis fastest to a temporary file, row by row.

    Args:
        array: the array; its place holds the values in Fortran order.

    Returns:
        The same array, whose rows now lie one after another.

    Raises:
        InputError: there is no room for the copy.
    """
    row_bytes = array.row_size * np.dtype(array.dtype).itemsize
    scratch = Scratch(array.name, array.shape[0] * row_bytes)
    step = max(1, _STRIPE // row_bytes)
    try:
        with scratch.path.open("wb") as file:
            for start in range(0, array.shape[0], step):
                stripe = _stripe(array, start, min(start + step, array.shape[0]))
                file.write(np.ascontiguousarray(stripe).data)
    except (OSError, ValueError) as error:  # a map of a file that has become shorter
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{array.name} cannot be read: {reason}") from None
    return replace(array, offset=0, scratch=scratch)


def _stripe(array: StoredArray, start: int, stop: int) -> NDArray[np.generic]:
    """Reads rows of an array in Fortran order: (stop - start, …).

    The file is a table with a column per row of the array. It is mapped a part at a time, because
    the pages of a map that were touched count as memory.
    """
    dtype = np.dtype(array.dtype)
    place = array.scratch.path if array.scratch else array.path
    columns, lines = array.shape[0], array.row_size
    step = max(1, _STRIPE // (columns * dtype.itemsize))
    turned = np.empty((stop - start, lines), dtype)
    for line in range(0, lines, step):
        count = min(step, lines - line)
        offset = array.offset + line * columns * dtype.itemsize
        table = np.memmap(place, dtype, "r", offset, (count, columns))
        turned[:, line : line + count] = table[:, start:stop].T
    inner = turned.reshape(stop - start, *array.shape[:0:-1])
    return inner.transpose(0, *range(inner.ndim - 1, 0, -1))
