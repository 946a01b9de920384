"""A folder that appears whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pipelines.datasets.dataset import FILE_NAME
from pipelines.errors import InputError


def check_place(out: Path, overwrite: bool) -> None:
    """Refuses a place that holds something, unless it is a dataset that may be replaced.

    Args:
        out: where the dataset folder shall be.
        overwrite: whether a dataset folder there may be replaced.

    Raises:
        InputError: a file stands there, or a mount point, or a folder that is neither empty nor a
            dataset, or a dataset that may not be replaced.
    """
    if not os.path.lexists(out):
        return
    if not out.is_dir():
        raise InputError(f"{out} is a file; expected a folder, or a name that is free")
    if out.is_mount():
        raise InputError(f"{out} is a mount point, which cannot be moved; give a folder inside it")
    if not any(out.iterdir()):
        return
    if not (out / FILE_NAME).is_file():
        raise InputError(
            f"{out} is not empty and holds no {FILE_NAME}, so it is not replaced; give another "
            "folder"
        )
    if not overwrite:
        raise InputError(f"{out} holds a dataset already; replace it with --overwrite")


@contextmanager
def staged(out: Path, overwrite: bool = False) -> Iterator[Path]:
    """Gives a folder beside ``out`` to fill, which takes the place of ``out`` at the end.

    Where the block fails, by Ctrl-C too, the folder is removed and ``out`` is as it was. What a
    killed run left behind is removed by the next one.

    Args:
        out: where the finished folder shall be, resolved.
        overwrite: whether a dataset folder there may be replaced.

    Yields:
        The empty folder to fill.

    Raises:
        InputError: see ``check_place``; or another run is writing there; or the place cannot be
            written (permissions, a full disk), in the block or before.
    """
    staging = out.with_name(f".{out.name}.partial")
    made: list[Path] = []
    try:
        _recover(out)
        check_place(out, overwrite)
        _make_parents(out, made)
        with _locked(staging):
            try:
                yield staging
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


def _recover(out: Path) -> None:
    """Puts right what a run left that was killed between the two moves of ``_replace``."""
    old = _aside(out)
    if not (old / FILE_NAME).is_file():
        return
    if os.path.lexists(out):
        shutil.rmtree(old)
    else:
        old.rename(out)


def _replace(out: Path, staging: Path) -> None:
    """Moves the staging folder to its place; an old dataset goes only when the new one stands."""
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
