"""One cross-validation at a time in a folder, its trainings included."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.errors import InputError
from pipelines.series.held_file import HeldError, held

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
    lock = held(folder / FILE)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = lock.__enter__()
    except HeldError as error:
        raise InputError(
            f"another cross-validation (process {error.process}, or trainings of it) is running in "
            f"{folder}; wait for its end, or choose another folder by -o"
        ) from None
    except OSError as error:
        raise InputError(
            f"{folder} cannot be written ({error.strerror or error}); choose another by -o"
        ) from None
    try:
        yield handle
    finally:
        lock.__exit__(None, None, None)
