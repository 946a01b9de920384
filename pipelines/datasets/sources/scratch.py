"""A temporary file that goes away with its last user."""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from pathlib import Path

from pipelines.errors import InputError


class Scratch:
    """An empty temporary file, removed when nothing refers to this object any more, or at exit.

    A pickled copy, as workers get it, only knows the path and removes nothing.

    Args:
        name: what messages call the data that it is made for.
        size: bytes that it shall hold.

    Attributes:
        path: the file, in the folder that ``TMPDIR`` names, else the system's.

    Raises:
        InputError: there is no room for so many bytes, or no place to write.
    """

    path: Path

    def __init__(self, name: str, size: int) -> None:
        try:
            folder = tempfile.gettempdir()
            free = shutil.disk_usage(folder).free
            if size > free:
                raise InputError(
                    f"{name} needs {size} bytes of temporary room to be laid out row by row; "
                    f"{folder} has {free} free. Set TMPDIR to a folder with more, or save it "
                    "again as plain .npy in C order"
                )
            descriptor, path = tempfile.mkstemp(prefix="med2d-", suffix=".rows")
        except OSError as error:
            raise InputError(
                f"no temporary file can be made for {name} ({error.strerror or error}); set TMPDIR "
                "to a folder that can be written"
            ) from None
        os.close(descriptor)
        self.path = Path(path)
        weakref.finalize(self, _remove, self.path, os.getpid())

    def __getstate__(self) -> Path:
        """Gives what is pickled."""
        return self.path

    def __setstate__(self, path: Path) -> None:
        """Takes what was pickled."""
        self.path = path


def _remove(path: Path, owner: int) -> None:
    """Removes the file, but not from a forked child: the parent still needs it."""
    if os.getpid() == owner:
        path.unlink(missing_ok=True)
