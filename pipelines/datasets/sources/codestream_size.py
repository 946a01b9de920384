"""The size that compressed pixels say of themselves, read without decoding them."""

from __future__ import annotations

import struct
from typing import IO

_SOI, _SOC, _SIZ, _SOS = 0xFFD8, 0xFF4F, 0xFF51, 0xFFDA
_TABLES = (0xFFC4, 0xFFC8, 0xFFCC)
_FRAME_STARTS = {*range(0xFFC0, 0xFFD0), 0xFFF7} - {*_TABLES}
"""SOF0 to SOF15 of JPEG (ITU-T T.81, table B.1), SOF55 of JPEG-LS (ITU-T T.87)."""

_JP2 = b"\0\0\0\x0cjP  "
_MOST_BOXES = 4096
_MOST_SEGMENTS = 1000


def codestream_size(file: IO[bytes]) -> tuple[int, int] | None:
    """Reads rows and columns from the head of a JPEG, JPEG-LS or JPEG 2000 codestream.

    Args:
        file: at the codestream's first byte; it is left elsewhere.

    Returns:
        (rows, columns), 0 where the head leaves one open; nothing where no such codestream begins
        here, or its head is damaged.

    Raises:
        OSError: the file cannot be read.
    """
    start = file.tell()
    head = file.read(_MOST_BOXES)
    if head.startswith(_JP2):  # boxes around a codestream: ISO/IEC 15444-1, annex I
        start += max(0, head.find(struct.pack(">HH", _SOC, _SIZ)))
    file.seek(start)
    try:
        (first,) = struct.unpack(">H", file.read(2))
        if first == _SOC:
            return _size_of_jpeg_2000(file)
        return _size_of_jpeg(file) if first == _SOI else None
    except (struct.error, IndexError):  # it ends within its head
        return None


def _size_of_jpeg_2000(file: IO[bytes]) -> tuple[int, int] | None:
    """Reads the marker SIZ, which comes first: ISO/IEC 15444-1, A.5.1."""
    marker, _, _, right, bottom, left, top = struct.unpack(">HHHLLLL", file.read(22))
    return (max(0, bottom - top), max(0, right - left)) if marker == _SIZ else None


def _size_of_jpeg(file: IO[bytes]) -> tuple[int, int] | None:
    """Goes from marker to marker to the start of the frame: ITU-T T.81, B.2.2."""
    for _ in range(_MOST_SEGMENTS):
        marker, length = struct.unpack(">HH", file.read(4))
        while marker == 0xFFFF:  # fill bytes
            marker, length = 0xFF00 | length >> 8, (length & 0xFF) << 8 | file.read(1)[0]
        if marker in _FRAME_STARTS:
            _, rows, columns = struct.unpack(">BHH", file.read(5))
            return rows, columns
        if marker < 0xFF00 or marker == _SOS or length < 2:
            return None
        file.seek(length - 2, 1)
    return None
