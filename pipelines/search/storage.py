"""Where the trials of a study are kept: a SQLite file, a database server, or a journal file."""

from __future__ import annotations

import logging
import re
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock

from pipelines.errors import InputError, first_line

if TYPE_CHECKING:
    from optuna.storages import BaseStorage

FILE = "search.db"
"""The SQLite file in the folder of a search."""
JOURNAL = "journal:"
"""Begins the address of a journal file."""

_SQLITE = "sqlite:///"
_SECRET = "pass|pwd|secret|token|key"
_SECONDS = 60  # that one process waits for another to let go of a SQLite file


def default_storage(folder: Path) -> str:
    """Gives the URL of the SQLite file in the folder of a search."""
    return f"{_SQLITE}{folder / FILE}"


def without_password(url: str) -> str:
    """Gives a URL as it may be shown: what is secret in its user or its query is ``***``.

    Examples:
        >>> without_password("mysql+pymysql://me:secret@host/studies")
        'mysql+pymysql://me:***@host/studies'
        >>> without_password("postgresql://host/studies?user=me&password=secret")
        'postgresql://host/studies?user=me&password=***'
    """
    hidden = re.sub(r"(//[^/:@]*):[^@\s]*@", r"\1:***@", url)  # a password may hold a slash
    return re.sub(rf"([?&][^=&]*(?:{_SECRET})[^=&]*=)[^&\s]*", r"\1***", hidden, flags=re.I)


def optuna_or_refuse() -> Any:
    """Gives the module Optuna, which tells of nothing but trouble.

    Raises:
        InputError: it is not installed.
    """
    try:
        import optuna
    except ImportError:
        raise InputError(
            "a search needs Optuna, which is not installed: pip install 'med2d[search]'"
        ) from None
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna


def open_storage(url: str) -> BaseStorage:
    """Opens a storage, and makes it where it is a file that is missing.

    Args:
        url: as SQLAlchemy has it, or ``journal:`` and a file.

    Raises:
        InputError: it cannot be opened, or Optuna is missing.
    """
    optuna_or_refuse()
    logging.getLogger("alembic").setLevel(logging.WARNING)
    try:
        return _journal(url.removeprefix(JOURNAL)) if url.startswith(JOURNAL) else _database(url)
    except Exception as error:  # whatever SQLAlchemy, a driver or the disk raises
        told = first_line(error).replace(url, without_password(url))
        raise InputError(
            f"--storage {without_password(url)} cannot be opened ({told}); expected a URL such as "
            f"sqlite:///FILE or postgresql://USER@HOST/DATABASE, or {JOURNAL}FILE"
        ) from None


def _journal(path: str) -> BaseStorage:
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    return JournalStorage(JournalFileBackend(path))


def _database(url: str) -> BaseStorage:
    from optuna.storages import RDBStorage, get_storage

    is_file = url.startswith(_SQLITE)
    wait = {"connect_args": {"timeout": _SECONDS}} if is_file else {}
    folder = Path(url.removeprefix(_SQLITE)).parent
    if is_file and not folder.is_dir():
        raise FileNotFoundError(f"there is no folder {folder}")
    # Two processes that make the tables at once would meet each other's.
    with FileLock(f"{url.removeprefix(_SQLITE)}.lock") if is_file else nullcontext():
        return get_storage(RDBStorage(url, engine_kwargs=wait))
