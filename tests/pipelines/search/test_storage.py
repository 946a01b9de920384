from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pipelines.errors import InputError
from pipelines.search.storage import default_storage, open_storage, without_password


def test_a_file_is_made_where_it_is_missing(tmp_path: Path) -> None:
    for url in (default_storage(tmp_path), f"journal:{tmp_path}/trials.log"):
        assert open_storage(url).get_all_studies() == []
    assert (tmp_path / "search.db").is_file() and (tmp_path / "trials.log").is_file()


def test_several_may_make_the_tables_at_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        opened = list(pool.map(open_storage, [default_storage(tmp_path)] * 4))
    assert [each.get_all_studies() for each in opened] == [[]] * 4


@pytest.mark.parametrize(
    "url",
    [
        "nonsense",
        "sqlite:///no/such/folder/x.db",
        "journal:no/such/folder/x.log",
        "mysql+nodriver://me:secret@host/db",
    ],
)
def test_what_cannot_be_opened_is_one_line_without_a_password(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"--storage .* cannot be opened") as refused:
        open_storage(url)
    assert "secret" not in str(refused.value) and "\n" not in str(refused.value)
    assert list(tmp_path.iterdir()) == []


def test_without_optuna_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(InputError, match=r"pip install 'med2d\[search\]'"):
        open_storage("sqlite:///x.db")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://me:a:b@host:5432/db", "postgresql://me:***@host:5432/db"),
        ("postgresql://me:sec/ret@host/db", "postgresql://me:***@host/db"),
        ("mysql://host/db?user=me&passwd=a&x=1", "mysql://host/db?user=me&passwd=***&x=1"),
        ("postgresql://host/db?sslpassword=a", "postgresql://host/db?sslpassword=***"),
        ("sqlite:////tmp/a@b/search.db", "sqlite:////tmp/a@b/search.db"),
        ("postgresql://host/db", "postgresql://host/db"),
    ],
)
def test_a_password_is_not_shown(url: str, shown: str) -> None:
    assert without_password(url) == shown
