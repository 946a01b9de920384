from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import pytest

from pipelines.errors import InputError

COMMAND = ["python", "-m", "monai.bundle", "run", "--config_file", "a/train.json", "--epochs", "3"]
RESUMED = [*COMMAND, "--resume", "true"]
RECORD = {"config_files": ["b/train.json"], "overrides": {"epochs": 3, "output_dir": "x"}}


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
    (folder / "record.json").write_text(json.dumps(RECORD))
    program.train(COMMAND, folder)
    return commands


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ((), [COMMAND]),
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


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (["--image_size", "64"], "image_size None, now 64"),
        (["--epochs", "9"], "epochs 3, now 9"),
        (
            ["--config_file", "['a/train.json','v/joint.json']"],
            r"config_file \['train.json'\], now",
        ),
    ],
)
def test_a_run_of_another_command_is_refused(
    program: Any, tmp_path: Path, more: list[str], expected: str
) -> None:
    for name in ("config.json", "scores.json"):
        (tmp_path / name).write_text("")
    (tmp_path / "record.json").write_text(json.dumps(RECORD))
    with pytest.raises(InputError, match=f"holds a run with {expected}"):
        program.train([*COMMAND, *more], tmp_path)
