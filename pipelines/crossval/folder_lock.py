"""One cross-validation at a time in a folder, its trainings included."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.errors import InputError

FILE = ".crossval.lock"
"""Holds the number of the process that works in the folder."""


@contextmanager
def alone_in(folder: Path) -> Iterator[int]:
    """Holds a folder against a second cross-validation; it is made where it is missing.

    Args:
        folder: of the cross-validation.

    Yields:
        The lock's file descriptor. A process that inherits it holds the folder as well, so that
        trainings that outlive a killed parent are not trained a second time beside themselves.

    Raises:
        InputError: another one works in it, or it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / FILE, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise InputError(
            f"{folder} cannot be written ({error.strerror or error}); choose another by -o"
        ) from None
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            number = os.pread(handle, 32, 0).decode().strip()
            raise InputError(
                f"another cross-validation (process {number}, or trainings of it) is running in "
                f"{folder}; wait for its end, or choose another folder by -o"
            ) from None
        os.ftruncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0)
        yield handle
    finally:
        os.close(handle)
