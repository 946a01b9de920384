from __future__ import annotations

import io
import sys

import pytest

from pipelines import progress
from pipelines.progress import counting


def test_short_work_writes_nothing_into_a_log(capsys: pytest.CaptureFixture[str]) -> None:
    with counting("reading") as report:
        for done in range(1, 101):
            report(done, 100)
    assert capsys.readouterr() == ("", "")


def test_long_work_writes_lines(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([0.0, 1.9, 2.1, 7.0, 7.2])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    with counting("reading") as report:
        for done in range(1, 5):
            report(done, 4)
    assert capsys.readouterr().err == "reading: 2 of 4\nreading: 4 of 4\n"


def test_a_terminal_gets_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with counting("reading") as report:
        for done in range(1, 6):
            report(done, 5)
    assert "reading" in terminal.getvalue()
