"""The arrays of a ``.npz`` archive."""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib
from collections import Counter
from pathlib import Path
from typing import IO

from pipelines.datasets.sources.array_header import HEAD, ArrayHeader, parse_header
from pipelines.datasets.sources.scratch import Scratch
from pipelines.datasets.sources.stored_array import BLOCK, StoredArray, check_size, in_row_order
from pipelines.errors import InputError

_LOCAL = struct.Struct("<4s22xHH")  # of a member: its mark, the lengths of name and extra field
_DAMAGE = (  # what zipfile and its decompressors raise over broken archives
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    TypeError,
    ValueError,
    lzma.LZMAError,
    struct.error,
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
)


def members(path: Path, name: str) -> list[str]:
    """Lists the arrays of an archive.

    Args:
        path: the ``.npz`` file.
        name: what messages call it.

    Returns:
        Their names in the archive's order, such as ``images.npy``.

    Raises:
        InputError: it cannot be read, is no archive, or has two arrays of one name.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            found = [info.filename for info in archive.infolist() if not info.is_dir()]
    except _DAMAGE as error:
        raise InputError(_unreadable(name, error)) from None
    twice = [member for member, count in Counter(found).items() if count > 1]
    if twice:
        raise InputError(f"{name} holds {twice[0]} twice; save it again with np.savez")
    return found


def open_member(path: Path, member: str, name: str) -> StoredArray:
    """Opens one array of an archive.

    A stored array (``np.savez``) is read where it lies. A compressed one cannot be entered in the
    middle: it is unpacked once, block by block, to a temporary file, which is larger than the
    archive but is read as fast as a plain ``.npy``; memory does not grow with it.

    Args:
        path: the ``.npz`` file.
        member: its name in the archive.
        name: what messages call it, such as ``data.npz/images.npy``.

    Returns:
        The array.

    Raises:
        InputError: it cannot be read, is damaged, or holds what is refused; see ``parse_header``.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            info = archive.getinfo(member)
            with archive.open(info) as opened:
                head = opened.read(HEAD)
                header = parse_header(head, name)
                check_size(header, info.file_size - header.length, name)
                if info.compress_type == zipfile.ZIP_STORED:
                    scratch, offset = None, _beginning(path, info) + header.length
                else:
                    scratch, offset = _unpacked(opened, head, header, name), 0
    except InputError:
        raise
    except _DAMAGE as error:
        raise InputError(_unreadable(name, error)) from None
    array = StoredArray(name, path, header.dtype.str, header.shape, offset, scratch)
    return in_row_order(array) if header.fortran else array


def _beginning(path: Path, info: zipfile.ZipInfo) -> int:
    """Gives the place in the archive where the bytes of a stored member begin."""
    with path.open("rb") as file:
        file.seek(info.header_offset)
        mark, name, extra = _LOCAL.unpack(file.read(_LOCAL.size))
        begins = info.header_offset + _LOCAL.size + name + extra
        if mark != b"PK\3\4" or begins + info.file_size > file.seek(0, 2):
            raise zipfile.BadZipFile("a member lies outside the file")
    return begins


def _unpacked(opened: IO[bytes], head: bytes, header: ArrayHeader, name: str) -> Scratch:
    """Unpacks the values to a temporary file; reading to the end also checks the checksum."""
    scratch = Scratch(name, header.size)
    with scratch.path.open("wb") as file:
        block, left = head[header.length :], header.size
        while block:
            left -= len(block)
            if left < 0:
                break
            file.write(block)
            block = opened.read(BLOCK)
    if left:
        check_size(header, header.size - left, name)
    return scratch


def _unreadable(name: str, error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{name} cannot be read: {error.strerror}"
    reason = str(error).partition("\n")[0][:100] or type(error).__name__
    return f"{name} is truncated or damaged ({reason}). Save it again or take it out"
