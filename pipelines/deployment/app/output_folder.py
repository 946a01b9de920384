"""The folder of the results."""

from __future__ import annotations

import tempfile
from pathlib import Path

from pipelines.errors import InputError


def prepare_folder(folder: Path) -> None:
    """Makes the folder of the results, and tries whether it can be written.

    Args:
        folder: where the results will be; may exist, and then must be empty.

    Raises:
        InputError: it cannot be made or written, or it holds something.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
        held = next(folder.iterdir(), None)
    except OSError as error:
        raise InputError(
            f"{folder} cannot be written ({error.strerror or error}); name another folder for the "
            "results, or change its permissions"
        ) from error
    if held is not None:
        raise InputError(
            f"{folder} is not empty (it holds {held.name}); name a new folder, so that results of "
            "two runs are never mixed"
        )
