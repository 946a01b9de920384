"""The MLflow store of the trainings: where it is, how it is opened, and how it is looked at."""

from __future__ import annotations

import os
import re
import shlex
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock

STORE = "MLFLOW_TRACKING_URI"
"""Variable of the environment that names the store, MLflow's own."""

CLIENT_SETTINGS = {
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",  # a line for every file
    "MLFLOW_DISABLE_TELEMETRY": "true",  # nothing about a hospital's trainings leaves its machine
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
}
"""Of the environment, for MLflow's client, where it does not say otherwise."""


def tracking_uri() -> str:
    """``MLFLOW_TRACKING_URI``, else the file ``mlflow.db`` of the working folder.

    It is always explicit: MLflow's own default becomes a file store, which it then refuses, where
    the working folder holds an old ``mlruns``.
    """
    return os.environ.get(STORE) or f"sqlite:///{Path.cwd() / 'mlflow.db'}"


def ui_command(uri: str | None = None) -> str:
    """How to open the MLflow UI on a store: a command, or a server's address."""
    if (uri or tracking_uri()).startswith("http"):
        return f"open {without_password(uri or tracking_uri())}"
    return f"mlflow ui --backend-store-uri {shlex.quote(uri or tracking_uri())}"


def without_password(uri: str) -> str:
    """The address without user and password: messages and run folders are passed on."""
    return re.sub(r"//[^/:@\s]*(:[^@\s]*)?@", "//", uri)  # a password may hold a slash


def apply_client_settings() -> None:
    """Set ``CLIENT_SETTINGS`` for this process where the environment does not say otherwise."""
    for name, value in CLIENT_SETTINGS.items():
        os.environ.setdefault(name, value)


def store_client(uri: str) -> Any:
    """A client that gives up after seconds where MLflow itself would try for minutes."""
    apply_client_settings()
    database = database_of(uri)
    if database is not None:
        database.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(database, timeout=5)) as connection:
            connection.execute("BEGIN IMMEDIATE")  # raises where it cannot be written
    from mlflow.tracking import MlflowClient  # takes seconds, so not at the top

    return MlflowClient(uri)


@contextmanager
def alone_in(uri: str) -> Iterator[None]:
    """Let one training at a time make the tables and the experiment of a local store."""
    database = database_of(uri)
    if database is None:
        yield
        return
    database.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{database}.lock", timeout=60):
        yield


def database_of(uri: str) -> Path | None:
    """The file of a SQLite store; None for a server."""
    if not uri.startswith("sqlite:///"):
        return None
    return Path(uri.removeprefix("sqlite:///").partition("?")[0]).absolute()
