"""Where the store is, and how it is looked at."""

from pathlib import Path

import pytest

from pipelines.training.tracking_store import (
    alone_in,
    database_of,
    store_client,
    tracking_uri,
    ui_command,
    without_password,
)


def test_the_uri_is_always_explicit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    assert tracking_uri() == f"sqlite:///{tmp_path}/mlflow.db"
    assert ui_command() == f"mlflow ui --backend-store-uri sqlite:///{tmp_path}/mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://server")
    assert tracking_uri() == "http://server"


def test_a_password_is_never_shown() -> None:
    uri = "https://me:secret@mlflow.example.org:5000"
    assert without_password(uri) == "https://mlflow.example.org:5000"
    assert ui_command(uri) == "open https://mlflow.example.org:5000"


def test_a_server_has_no_file(tmp_path: Path) -> None:
    assert database_of("http://server") is None
    assert database_of(f"sqlite:///{tmp_path}/a.db?timeout=5") == tmp_path / "a.db"
    with alone_in("http://server"), alone_in(f"sqlite:///{tmp_path}/new/a.db"):
        assert (tmp_path / "new" / "a.db.lock").is_file()


def test_a_file_that_is_no_database_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "garbage.db").write_bytes(b"no database" * 100)
    with pytest.raises(Exception, match="not a database"):
        store_client(f"sqlite:///{tmp_path}/garbage.db")
