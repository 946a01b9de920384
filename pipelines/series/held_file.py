"""A file that one process at a time holds, and the processes that inherit it from that one."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class HeldError(RuntimeError):
    """Another process holds the file.

    Args:
        process: its number; "" where it has not yet written it.
    """

    def __init__(self, process: str) -> None:
        super().__init__(f"held by process {process}")
        self.process = process


@contextmanager
def held(path: Path) -> Iterator[int]:
    """Holds a file, which is made where it is missing; a process that is killed lets go of it.

    Args:
        path: of the file, in a folder that exists.

    Yields:
        The file descriptor. A process that inherits it holds the file as well.

    Raises:
        HeldError: another process holds it.
        OSError: it cannot be made.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise HeldError(os.pread(handle, 32, 0).decode().strip()) from None
        os.ftruncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0)
        yield handle
    finally:
        os.close(handle)
