"""The fragments in which compressed pixels of a DICOM file lie, walked through without decoding."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pipelines.datasets.sources.codestream_size import codestream_size

MOST_FRAGMENTS = 2**20
"""A file of more is taken as damaged."""

_ITEM = (0xFFFE, 0xE000)
_END = (0xFFFE, 0xE0DD)
_HEADER = struct.Struct("<HHL")  # group, element and length: PS3.5 A.4, always little endian


@dataclass(frozen=True)
class Fragments:
    """What stands in the place of compressed pixels.

    Attributes:
        count: fragments that are there whole, without the table of offsets before them.
        lacking: bytes that the file lacks of the fragment after them.
        ended: whether the mark of the end stands after them.
        strange: whether something stands after them that is neither a fragment nor that mark.
        sizes: (rows, columns) that the codestreams in them say of themselves.
    """

    count: int
    lacking: int = 0
    ended: bool = False
    strange: bool = False
    sizes: frozenset[tuple[int, int]] = frozenset()


@lru_cache(maxsize=4)  # each frame of a file asks again
def walk_fragments(path: Path, start: int, size: int, written: int) -> Fragments:
    """Walks from fragment to fragment by their lengths.

    Args:
        path: the file.
        start: byte at which the value of the pixels begins.
        size: bytes of the whole file.
        written: when it was written, in nanoseconds: of a file that has changed, nothing is
            remembered.

    Returns:
        What was found until the end, the end of the file, or something strange.

    Raises:
        OSError: the file cannot be read.
    """
    sizes: set[tuple[int, int]] = set()

    def found(
        count: int, lacking: int = 0, ended: bool = False, strange: bool = False
    ) -> Fragments:
        return Fragments(count, lacking, ended, strange, frozenset(sizes))

    place = start
    with path.open("rb") as file:
        for count in range(-1, MOST_FRAGMENTS):  # the first item is the table of offsets
            whole = max(0, count)
            file.seek(place)
            header = file.read(_HEADER.size)
            if len(header) < _HEADER.size:
                return found(whole)
            group, element, length = _HEADER.unpack(header)
            place += _HEADER.size
            if (group, element) == _END:
                return found(whole, ended=True)
            if (group, element) != _ITEM:
                return found(whole, strange=True)
            if length > size - place:
                return found(whole, lacking=length - (size - place))
            if count >= 0 and (said := codestream_size(file)) is not None:
                sizes.add(said)
            place += length
    return found(MOST_FRAGMENTS, strange=True)
