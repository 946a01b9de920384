"""A folder that appears whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from pipelines.datasets.dataset import FILE_NAME
from pipelines.errors import InputError


class Replaceable(NamedTuple):
    """The kind of folder that a new one of its kind may replace.

    Attributes:
        name: what such a folder holds, for messages.
        flaw: tells why an existing folder is none of the kind, in words that follow "is not empty
            and"; None where it is one.
    """

    name: str
    flaw: Callable[[Path], str | None]


def _no_record(folder: Path) -> str | None:
    """Tells that a folder is no dataset, or None."""
    return None if (folder / FILE_NAME).is_file() else f"holds no {FILE_NAME}"


DATASET = Replaceable("a dataset", _no_record)


def check_place(out: Path, overwrite: bool, replaceable: Replaceable = DATASET) -> None:
    """Refuses a place that holds something, unless it is a folder that may be replaced.

    Args:
        out: where the finished folder shall be.
        overwrite: whether a folder of the kind ``replaceable`` there may be replaced.
        replaceable: the kind of folder; no other is ever replaced.

    Raises:
        InputError: a file stands there, or a mount point, or a folder that is neither empty nor of
            the kind, or one of the kind that may not be replaced.
    """
    if not os.path.lexists(out):
        return
    if not out.is_dir():
        raise InputError(f"{out} is a file; expected a folder, or a name that is free")
    if out.is_mount():
        raise InputError(f"{out} is a mount point, which cannot be moved; give a folder inside it")
    if not any(out.iterdir()):
        return
    flaw = replaceable.flaw(out)
    if flaw is not None:
        raise InputError(
            f"{out} is not empty and {flaw}, so it is not replaced; give another folder"
        )
    if not overwrite:
        raise InputError(f"{out} holds {replaceable.name} already; replace it with --overwrite")


@contextmanager
def staged(
    out: Path, overwrite: bool = False, replaceable: Replaceable = DATASET
) -> Iterator[Path]:
    """Gives a folder beside ``out`` to fill, which takes the place of ``out`` at the end.

    Where the block fails, by Ctrl-C too, the folder is removed and ``out`` is as it was. What a
    killed run left behind is removed by the next one.

    Args:
        out: where the finished folder shall be, resolved.
        overwrite: whether a folder of the kind ``replaceable`` there may be replaced.
        replaceable: the kind of folder; no other is ever replaced.

    Yields:
        The empty folder to fill.

    Raises:
        InputError: see ``check_place``; or another run is writing there; or the place cannot be
            written (permissions, a full disk), in the block or before.
    """
    staging = out.with_name(f".{out.name}.partial")
    made: list[Path] = []
    try:
        _recover(out, replaceable)
        check_place(out, overwrite, replaceable)
        _make_parents(out, made)
        with _locked(staging):
            try:
                yield staging
                check_place(out, overwrite, replaceable)  # it may have been filled meanwhile
                _replace(out, staging)
            finally:
                shutil.rmtree(staging, ignore_errors=True)
        made.clear()
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"{out} cannot be written: {reason}; nothing was changed") from error
    finally:
        for folder in made:
            with suppress(OSError):
                folder.rmdir()


@contextmanager
def _locked(staging: Path) -> Iterator[None]:
    """Makes the staging folder empty and holds it, so that no second run takes it for stale."""
    import fcntl

    staging.mkdir(exist_ok=True)
    handle = os.open(staging, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            place = staging.with_name(staging.name[1 : -len(".partial")])
            raise InputError(f"another run is writing {place} at this moment") from None
        for entry in staging.iterdir():
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        yield
    finally:
        os.close(handle)


def _make_parents(out: Path, made: list[Path]) -> None:
    """Makes the folders above ``out``; notes those that were missing, the deepest first."""
    for folder in reversed(out.parents):
        if not folder.exists():
            folder.mkdir()
            made.insert(0, folder)


def _aside(out: Path) -> Path:
    """Names the place of the old folder while the new one moves in."""
    return out.with_name(f".{out.name}.old")


def _recover(out: Path, replaceable: Replaceable) -> None:
    """Puts right what a run left that was killed between the two moves of ``_replace``."""
    old = _aside(out)
    if not old.is_dir() or replaceable.flaw(old) is not None:
        return
    if os.path.lexists(out):
        shutil.rmtree(old)
    else:
        old.rename(out)


def _replace(out: Path, staging: Path) -> None:
    """Moves the staging folder to its place; an old folder goes only when the new one stands."""
    if not out.exists():
        staging.rename(out)
    elif not any(out.iterdir()):
        out.rmdir()
        staging.rename(out)
    else:
        out.rename(_aside(out))
        try:
            staging.rename(out)
        except BaseException:
            _aside(out).rename(out)
            raise
        shutil.rmtree(_aside(out), ignore_errors=True)
