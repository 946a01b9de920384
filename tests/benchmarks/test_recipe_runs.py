from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest

RESUMED = ["python", "train", "--resume", "true"]


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "benchmarks"))
    return importlib.import_module("recipe_runs")


def _commands(
    program: Any, folder: Path, patch: pytest.MonkeyPatch, *files: str
) -> list[list[str]]:
    """What is called for a folder with these files."""
    commands: list[list[str]] = []
    patch.setattr(program, "call", commands.append)
    folder.mkdir()
    for name in files:
        (folder / name).write_text("")
    program.train(["python", "train"], folder)
    return commands


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ((), [["python", "train"]]),
        (("config.json",), [RESUMED]),
        (("config.json", "checkpoint.pt"), [RESUMED]),
        (("config.json", "checkpoint.pt", "scores.json"), []),
    ],
)
def test_a_training_begins_goes_on_or_is_left(
    program: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    files: tuple[str, ...],
    expected: list[list[str]],
) -> None:
    assert _commands(program, tmp_path / "run", monkeypatch, *files) == expected
