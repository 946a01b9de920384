"""A folder that appears whole or not at all; a stopped run can be gone on with."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from pipelines.datasets.dataset import FILE_NAME
from pipelines.datasets.parallel import WorkersKilledError
from pipelines.errors import InputError

# In the hidden folder: what is made, what it replaces, and what only the making needs.
_NEW, _OLD, _WORK = "new", "old", "work"
_REQUEST = "request"  # in _WORK: what was asked for; only the same request is gone on with
_INTERRUPTIONS = (KeyboardInterrupt, WorkersKilledError)


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
        InputError: a file stands there, or a mount point or the working folder, or a folder that is
            neither empty nor of the kind, or one of the kind that may not be replaced.
    """
    if not os.path.lexists(out):
        return
    if not out.is_dir():
        kind = "a link that leads nowhere" if out.is_symlink() else "a file"
        raise InputError(f"{out} is {kind}; expected a folder, or a name that is free")
    if out.is_mount():
        raise InputError(f"{out} is a mount point, which cannot be moved; give a folder inside it")
    if Path.cwd().is_relative_to(out):
        raise InputError(
            f"{out} is the working folder or lies around it, and cannot be moved; give a folder "
            "inside it"
        )
    if not any(out.iterdir()):
        return
    flaw = replaceable.flaw(out)
    if flaw is not None:
        raise InputError(
            f"{out} is not empty and {flaw}, so it is not replaced; give another folder"
        )
    if not overwrite:
        raise InputError(f"{out} holds {replaceable.name} already; replace it with --overwrite")
    if not os.access(out, os.W_OK):
        raise InputError(f"{out} is write-protected, so it is not replaced; give another folder")


@contextmanager
def staged(
    out: Path,
    overwrite: bool = False,
    replaceable: Replaceable = DATASET,
    request: str | None = None,
) -> Iterator[Path]:
    """Gives a folder to fill, which takes the place of ``out`` at the end.

    Everything happens in the hidden folder ``.NAME.partial`` beside ``out``. Where the block fails,
    that folder is removed and ``out`` is as it was. With a ``request``, what a run had done when it
    was stopped by Ctrl-C or killed is kept, and given to the next run of the same request; any
    other run removes it.

    Args:
        out: where the finished folder shall be. Of a link, the target is replaced and the link
            stays.
        overwrite: whether a folder of the kind ``replaceable`` there may be replaced.
        replaceable: the kind of folder; no other is ever replaced.
        request: all that the content depends on; without it, a stopped run leaves nothing.

    Yields:
        The folder to fill: empty, or as a stopped run of the same request left it; see
        ``work_folder`` for what the making needs besides.

    Raises:
        InputError: see ``check_place``; or another run is writing there; or the place cannot be
            written (permissions, a full disk), in the block or before.
    """
    out = Path(os.path.realpath(out))  # unlike resolve, it lets a circle of links pass
    made: list[Path] = []
    try:
        check_place(out, overwrite, replaceable)
        _make_parents(out, made)
        with _workshop(out, request) as workshop:
            check_place(out, overwrite, replaceable)  # a killed run's old folder may be back
            yield workshop / _NEW
            check_place(out, overwrite, replaceable)  # it may have been filled meanwhile
            (workshop / _WORK / _REQUEST).unlink(missing_ok=True)  # nothing to go on with from here
            _replace(out, workshop)
        made.clear()
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"{out} cannot be written: {reason}; nothing was changed") from error
    finally:
        for folder in made:
            with suppress(OSError):
                folder.rmdir()


def work_folder(folder: Path) -> Path:
    """Gives the folder for what only the making needs, of a folder that ``staged`` gave."""
    return folder.parent / _WORK


def _make_parents(out: Path, made: list[Path]) -> None:
    """Makes the folders above ``out``; notes those that were missing, the deepest first."""
    for folder in reversed(out.parents):
        if not folder.exists():
            folder.mkdir()
            made.insert(0, folder)


@contextmanager
def _workshop(out: Path, request: str | None) -> Iterator[Path]:
    """Makes the hidden folder beside ``out`` and holds it against other runs."""
    workshop = out.with_name(f".{out.name}.partial")
    workshop.mkdir(exist_ok=True)
    handle = os.open(workshop, os.O_RDONLY)
    try:
        _lock(handle, workshop, out)
        keep = False
        try:
            _put_back(out, workshop)
            _prepare(workshop, request)
            yield workshop
        except _INTERRUPTIONS:
            keep = request is not None
            raise
        finally:
            _put_back(out, workshop)
            for name in () if keep else (_NEW, _WORK):
                shutil.rmtree(workshop / name, ignore_errors=True)
            with suppress(OSError):  # it stays if it holds what is kept, or an old folder
                workshop.rmdir()
    finally:
        os.close(handle)


def _lock(handle: int, workshop: Path, out: Path) -> None:
    """Locks the folder, so that no second run takes it for a killed run's leavings."""
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        held = os.path.samestat(os.fstat(handle), workshop.stat())
    except (BlockingIOError, FileNotFoundError):
        held = False  # or another run, ending, removed the folder before we had the lock
    if not held:
        raise InputError(f"another run is writing {out} at this moment") from None


def _put_back(out: Path, workshop: Path) -> None:
    """Moves the old folder back, where a run failed or was killed between the moves."""
    if (workshop / _OLD).is_dir() and not os.path.lexists(out):
        (workshop / _OLD).rename(out)


def _prepare(workshop: Path, request: str | None) -> None:
    """Makes the folders, or takes up those of a stopped run of the same request."""
    if request is not None and _last_request(workshop) == request and (workshop / _NEW).is_dir():
        return
    for name in (_WORK, _NEW, _OLD):  # the work first: without it nothing is taken up
        if (workshop / name).exists():
            shutil.rmtree(workshop / name)
    (workshop / _NEW).mkdir()
    (workshop / _WORK).mkdir()
    if request is not None:
        (workshop / _WORK / _REQUEST).write_text(request, encoding="utf-8")


def _last_request(workshop: Path) -> str | None:
    """Reads what the last run was asked for, or nothing."""
    try:
        return (workshop / _WORK / _REQUEST).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def _replace(out: Path, workshop: Path) -> None:
    """Moves the new folder to its place; an old folder goes only when the new one stands."""
    new, old = workshop / _NEW, workshop / _OLD
    if not out.exists():
        new.rename(out)
    elif not any(out.iterdir()):
        out.rmdir()
        new.rename(out)
    else:
        out.rename(old)
        new.rename(out)
        old.rename(new)  # a folder half removed must never be put back


def check_beside(folder: Path, out: Path) -> None:
    """Refuses an output inside the dataset folder that it is made of, or around it.

    Args:
        folder: the dataset folder.
        out: where the output shall be.

    Raises:
        InputError: they are one folder, or one lies in the other.
    """
    source, target = Path(os.path.realpath(folder)), Path(os.path.realpath(out))
    if source == target or source in target.parents or target in source.parents:
        raise InputError(
            f"{out} and the dataset folder {folder} lie in one another; give a folder beside it"
        )
