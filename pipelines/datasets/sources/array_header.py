"""The header of a ``.npy`` file, read without trust: nothing is unpickled, nothing is loaded."""

from __future__ import annotations

import math
import struct
import warnings
from dataclasses import dataclass
from io import BytesIO
from tokenize import TokenError

import numpy as np
from numpy.lib import format as npy

from pipelines.errors import InputError

LONGEST = 10_000
"""Bytes that a header may take, as in NumPy itself."""

HEAD = 12 + LONGEST
"""Bytes from the beginning of a file that hold every header that is accepted."""

_MOST_BYTES = 2**62  # what offsets into a file can reach
_DAMAGE = (  # what NumPy's parser raises over broken headers
    AttributeError,
    LookupError,
    MemoryError,
    OverflowError,
    RecursionError,
    SyntaxError,
    TokenError,
    TypeError,
    ValueError,
    struct.error,
)


@dataclass(frozen=True)
class ArrayHeader:
    """What a header says.

    Attributes:
        dtype: of the values; boolean, whole, fractional or text.
        shape: at least one axis, none of length 0.
        fortran: whether the first axis varies fastest in the file.
        length: bytes of the header, that is where the values begin.
    """

    dtype: np.dtype[np.generic]
    shape: tuple[int, ...]
    fortran: bool
    length: int

    @property
    def size(self) -> int:
        """Bytes of the values."""
        return math.prod(self.shape) * self.dtype.itemsize


def parse_header(head: bytes, name: str) -> ArrayHeader:
    """Reads the header of a ``.npy`` file.

    Args:
        head: the first ``HEAD`` bytes of the file, or all where it is shorter.
        name: what messages call the array.

    Returns:
        What it says.

    Raises:
        InputError: it is no header, damaged, too long, or the array holds Python objects, other
            things than numbers and text, or nothing.
    """
    if not head:
        raise InputError(f"{name} is empty (0 bytes). Save it again or take it out")
    if not head.startswith(npy.MAGIC_PREFIX):
        raise InputError(f"{name} is not a NumPy array, whatever its name says")
    if len(head) < 12:
        raise InputError(_damaged(name, "its header is cut off"))
    if head[6] not in (1, 2):
        raise InputError(
            f"{name} is of version {head[6]}.{head[7]} of the .npy format; expected 1.0 or 2.0, "
            "which np.save writes for numbers and text"
        )
    form = "<H" if head[6] == 1 else "<I"
    (promised,) = struct.unpack_from(form, head, 8)
    if promised > LONGEST:
        raise InputError(
            f"{name} has a header of {promised} bytes; the limit is {LONGEST}. A plain array of "
            "numbers needs some 100: save it again with np.save"
        )
    return _checked(*_parsed(head, name), name)


def _parsed(head: bytes, name: str) -> tuple[np.dtype[np.generic], tuple[int, ...], bool, int]:
    """Lets NumPy parse the header; gives the dtype, the shape, the order and the length."""
    file = BytesIO(head)
    try:
        version = npy.read_magic(file)
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python 2 wrote headers that only parse more slowly
            shape, fortran, dtype = read(file, max_header_size=LONGEST)
    except _DAMAGE as error:
        reason = str(error).partition("\n")[0][:100] or type(error).__name__
        raise InputError(_damaged(name, reason)) from None
    return dtype, shape, fortran, file.tell()


def _checked(
    dtype: np.dtype[np.generic], shape: tuple[int, ...], fortran: bool, length: int, name: str
) -> ArrayHeader:
    """Refuses what cannot be pictures, maps or targets."""
    if dtype.hasobject:
        raise InputError(
            f"{name} holds Python objects (dtype {dtype}), perhaps pictures of several sizes; "
            "objects are never unpickled. Save one size as plain numbers, or the pictures as PNG "
            "files in class folders"
        )
    if dtype.kind not in "biufSU":
        raise InputError(f"{name} has the dtype {dtype}; expected numbers or text")
    if not shape:
        raise InputError(f"{name} is a single value; expected an array with a row per image")
    if min(shape) < 0:
        raise InputError(_damaged(name, f"its shape is {shape}"))
    header = ArrayHeader(dtype, shape, fortran and len(shape) > 1, length)
    if header.size == 0:
        raise InputError(f"{name} is empty: its shape is {shape}. Save it again or take it out")
    if header.size > _MOST_BYTES:
        raise InputError(_damaged(name, f"its shape is {shape}"))
    return header


def _damaged(name: str, reason: object) -> str:
    return f"{name} is truncated or damaged ({reason}). Save it again or take it out"
