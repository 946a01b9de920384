"""Where uploads lie while they are answered, and that nothing of them stays."""

from __future__ import annotations

import os
import signal
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

OLD = 600
"""Seconds after which an upload goes that nobody asked about, or that was broken off."""

_IN_USE: set[Path] = set()  # files and folders that no sweep takes
_PLACE, _TEMPORARY = "GRADIO_TEMP_DIR", "TMPDIR"
_EVERY = 60  # seconds between two looks at what is old
_QUIET = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_OFFLINE": "1",
    "DO_NOT_TRACK": "1",
}


@contextmanager
def own_place() -> Iterator[Path]:
    """Gives Gradio a folder of its own for uploads, which is removed at the end.

    Temporary files of this program lie in it, too. Must be entered before ``gradio`` is imported:
    it looks at the environment then. Its telemetry is switched off there, too.

    Yields:
        The folder, no link in its path; no other user of the machine may read it.
    """
    before = {name: os.environ.get(name) for name in (_PLACE, _TEMPORARY, *_QUIET)}
    ordinary = tempfile.tempdir
    with TemporaryDirectory(prefix="med2d-demo-") as made:
        folder = os.path.realpath(made)
        os.environ.update({_PLACE: folder, _TEMPORARY: folder, **_QUIET})
        tempfile.tempdir = folder
        try:
            yield Path(folder)
        finally:
            tempfile.tempdir = ordinary
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value


def is_upload(path: str | Path, place: Path) -> bool:
    """Tells whether a path names a file of the uploads, by no link and no way round.

    Args:
        path: what a visitor named.
        place: the folder of the uploads.
    """
    named = Path(path)
    try:
        straight = named.is_file() and named.resolve() == named
    except (OSError, ValueError):  # whatever a strange name raises
        return False
    return straight and named.is_relative_to(place.resolve())


def bytes_of(place: Path) -> int:
    """Tells how many bytes lie in a folder; what vanishes meanwhile counts nothing."""
    total = 0
    for folder, _, names in os.walk(place):  # rglob would fail where a folder vanishes
        for name in names:
            with suppress(OSError):
                total += Path(folder, name).lstat().st_size
    return total


@contextmanager
def in_use(paths: Iterable[Path]) -> Iterator[None]:
    """Keeps uploads from being swept, however old they become, as long as the block lasts.

    Args:
        paths: files, and folders with all that lies in them.
    """
    used = set(paths)
    _IN_USE.update(used)
    try:
        yield
    finally:
        _IN_USE.difference_update(used)


def forget(paths: Sequence[Path], place: Path) -> None:
    """Deletes uploads, and the folders in which each lay.

    Args:
        paths: the uploads.
        place: the folder of all uploads, which stays.
    """
    for path in paths:
        path.unlink(missing_ok=True)
        with suppress(OSError):  # another upload of the same visitor waits in it
            for folder in path.relative_to(place).parents[:-1]:
                (place / folder).rmdir()


def sweep(folder: Path, age: float = OLD) -> None:
    """Deletes what has lain too long: uploads that were broken off, or that nobody asked about.

    What is in use stays, and so does what cannot be deleted; the next sweep tries again.

    Args:
        folder: the folder of the uploads.
        age: seconds.
    """
    before = time.time() - age
    for place, _, names in os.walk(folder, topdown=False):
        for name in names:
            _let_go(Path(place, name), before)
        if Path(place) != folder:
            _let_go(Path(place), before)


def _let_go(path: Path, before: float) -> None:
    """Deletes a file, or an empty folder, that was last changed before and is not in use."""
    with suppress(OSError):
        if path.lstat().st_mtime <= before and _IN_USE.isdisjoint((path, *path.parents)):
            if path.is_dir():
                path.rmdir()
            else:
                path.unlink()


@contextmanager
def swept(folder: Path) -> Iterator[None]:
    """Looks every minute, as long as the block lasts, for what has lain too long."""
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(_EVERY):
            with suppress(OSError):  # else nothing would be deleted from then on
                sweep(folder)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@contextmanager
def ending_on_terminate() -> Iterator[None]:
    """Lets SIGTERM end the block as any end does, so that what lies in it is deleted.

    Outside the main thread, which alone gets signals, nothing changes.
    """

    def end(number: int, frame: object) -> None:
        raise SystemExit(128 + number)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
