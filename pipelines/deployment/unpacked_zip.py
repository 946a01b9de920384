"""A package's zip, unpacked for as long as it is used."""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from pipelines.errors import InputError, first_line

_DAMAGE = (  # what zipfile and its decompressors raise over archives that they cannot unpack
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
    lzma.LZMAError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)


def is_zip(path: Path) -> bool:
    """Whether a path is a zip, or by its name was one, such as a download that was cut off."""
    return path.is_file() and (path.suffix.casefold() == ".zip" or zipfile.is_zipfile(path))


@contextmanager
def unpacked_zip(path: Path) -> Iterator[Path]:
    """Unpacks a zip into a temporary folder; what its names lead outside of it lands inside.

    Args:
        path: the zip.

    Yields:
        The folder, which is removed at the end.

    Raises:
        InputError: it is truncated, damaged, locked by a password, or of an unknown compression.
    """
    with TemporaryDirectory() as folder:
        try:
            with zipfile.ZipFile(path) as archive:
                archive.extractall(folder)
        except _DAMAGE as error:
            raise InputError(
                f"{path} cannot be unpacked ({first_line(error)}); expected a zip that med2d "
                "package has written. Copy it again, or package the run again"
            ) from error
        yield Path(folder)
