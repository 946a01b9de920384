"""Files that are either whole or not there: written beside their place, then moved into it.

A reader that looks while a run is writing, and a run that is killed half-way, both leave the old
file or the new one, never a part of one.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path to write to; when the block ends, it takes the place of ``path``.

    The temporary file lies in the same folder (a move is atomic only within one file system),
    keeps the whole name at its end (writers choose their format by the suffix, ``.nii.gz``
    included) and has the permissions that a plainly opened file would have. Its bytes are forced
    to the disk before the move, so that not even a power cut leaves an empty file behind.

    Args:
        path: the file to write or replace; its folder must exist. A symbolic link is followed.

    Yields:
        The temporary path; an empty file stands there already.

    Raises:
        FileNotFoundError: the folder of ``path`` does not exist.

    An exception inside the block removes the temporary file, leaves ``path`` as it was, and passes
    on.

    Examples:
        >>> folder = Path(getfixture("tmp_path"))
        >>> with replacing(folder / "scores.json") as temporary:
        ...     _ = temporary.write_text("{}")
        >>> (folder / "scores.json").read_text()
        '{}'
    """
    target = Path(path).resolve()
    temporary = target.with_name(f".{secrets.token_hex(4)}-{target.name}")
    temporary.touch(exist_ok=False)
    try:
        yield temporary
        _force_to_disk(temporary)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: str | os.PathLike[str], text: str) -> None:
    r"""Write ``text`` to ``path`` as UTF-8, whole or not at all; ``\n`` stays ``\n`` everywhere.

    Args:
        path: the file to write or replace; its folder must exist.
        text: the whole content.

    Raises:
        FileNotFoundError: the folder of ``path`` does not exist.
    """
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="")


def _force_to_disk(path: Path) -> None:
    """Ask the operating system to put the file's bytes on the disk now."""
    # Opened for writing too: some systems refuse to flush a handle that is only for reading.
    with path.open("rb+") as file:
        os.fsync(file.fileno())
