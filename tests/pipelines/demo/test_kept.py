"""Nothing of an upload stays, and the environment is as it was."""

from __future__ import annotations

import os
import signal
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from pipelines.demo import kept
from pipelines.demo.kept import (
    bytes_of,
    ending_on_terminate,
    forget,
    in_use,
    is_upload,
    own_place,
    sweep,
    swept,
)


def test_the_place_is_for_one_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_ANALYTICS_ENABLED", "yes")
    monkeypatch.delenv("GRADIO_TEMP_DIR", raising=False)
    ordinary = tempfile.gettempdir()
    with own_place() as folder:
        assert tempfile.gettempdir() == os.environ["TMPDIR"] == str(folder)
        assert os.environ["GRADIO_TEMP_DIR"] == str(folder)
        assert os.environ["GRADIO_ANALYTICS_ENABLED"] == "False"
        assert folder.stat().st_mode & 0o077 == 0
        (folder / "upload").mkdir()
    assert not folder.exists() and tempfile.gettempdir() == ordinary
    assert "GRADIO_TEMP_DIR" not in os.environ and os.environ["GRADIO_ANALYTICS_ENABLED"] == "yes"


def test_what_has_lain_too_long_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = tmp_path / "h1" / "broken off", tmp_path / "h2" / "arriving"
    for path in (old, new):
        path.parent.mkdir()
        path.write_bytes(b"1")
    os.utime(old, (0, 0))
    sweep(tmp_path)
    assert not old.exists() and new.exists()
    sweep(tmp_path, age=-1)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "later").write_bytes(b"1")
    os.utime(tmp_path / "later", (0, 0))
    monkeypatch.setattr(kept, "_EVERY", 0.01)
    with swept(tmp_path):
        end = time.monotonic() + 5
        while (tmp_path / "later").exists() and time.monotonic() < end:
            time.sleep(0.01)
    assert not (tmp_path / "later").exists()


def test_a_folder_may_vanish_while_it_is_walked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, vanishing = tmp_path / "a" / "a.png", tmp_path / "b"
    file.parent.mkdir()
    file.write_bytes(b"123")
    scandir = os.scandir

    def vanished(path: Any) -> Any:
        if Path(path) == vanishing:
            vanishing.rmdir()
        return scandir(path)

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", vanished)
        vanishing.mkdir()
        assert bytes_of(tmp_path) == 3
        vanishing.mkdir()
        sweep(tmp_path, age=-1)
    assert list(tmp_path.iterdir()) == []


def test_a_sweep_that_fails_is_not_the_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Path] = []
    again = threading.Event()

    def failing(folder: Path) -> None:
        seen.append(folder)
        if len(seen) == 2:
            again.set()
        raise OSError

    monkeypatch.setattr(kept, "_EVERY", 0.01)
    monkeypatch.setattr(kept, "sweep", failing)
    with swept(tmp_path):
        assert again.wait(5)


def test_what_is_in_use_stays_however_old(tmp_path: Path) -> None:
    file, arriving = tmp_path / "a" / "a.png", tmp_path / "b" / "h" / "tmp1"
    for path in (file, arriving):
        path.parent.mkdir(parents=True)
        path.write_bytes(b"1")
    with in_use([file, tmp_path / "b"]):
        sweep(tmp_path, age=-1)
        assert file.is_file() and arriving.is_file()
    sweep(tmp_path, age=-1)
    assert list(tmp_path.iterdir()) == []


def test_sigterm_ends_the_block_as_any_end_does() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit) as ended, ending_on_terminate():
        signal.raise_signal(signal.SIGTERM)
    assert ended.value.code == 143
    assert signal.getsignal(signal.SIGTERM) is before


def test_uploads_go_and_what_others_bring_stays(tmp_path: Path) -> None:
    def made(name: str, content: bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    mine = [made("own/h1/a.png", b"1"), made("own/h2/b.png", b"2")]
    waiting = made("own/h2/c.png", b"2")
    others = [made("other/h1/a.png", b"1"), made("third/tmp1", b""), made("tmp2", b"")]
    forget(mine, tmp_path)
    left = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert sorted(left) == sorted([waiting, *others])
    forget([*mine, waiting], tmp_path)  # of mine nothing is there
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other", "third", "tmp2"]
    forget([], tmp_path)


def test_an_upload_lies_in_the_place_and_nowhere_else(tmp_path: Path) -> None:
    place = tmp_path / "place"
    inside, outside = place / "own" / "a.png", tmp_path / "b.png"
    inside.parent.mkdir(parents=True)
    for path in (inside, outside):
        path.write_bytes(b"1")
    (place / "link.png").symlink_to(outside)
    (place / "linked").symlink_to(tmp_path)
    assert is_upload(inside, place) and is_upload(str(inside), place)
    for path in (
        *(outside, place, place / "gone", place / "link.png", place / "linked" / "b.png"),
        *(place / ".." / "b.png", place / "own" / ".." / "own" / "a.png", "own/a.png", ""),
        *("http://127.0.0.1/a.png", "a\0b", place / ("a" * 5000)),
    ):
        assert not is_upload(path, place), path
