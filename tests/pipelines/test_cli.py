from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from pipelines import __version__
from pipelines.cli import Verbs, main
from pipelines.errors import InputError


def test_the_command_line_imports_nothing_heavy() -> None:
    heavy = "('torch', 'monai', 'numpy', 'mlflow', 'scipy', 'sklearn', 'PIL', 'rich')"
    code = f"import sys, pipelines.cli; print([name for name in {heavy} if name in sys.modules])"
    command = [sys.executable, "-c", code]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.parametrize("verb", [[], ["convert"], ["phantom"], ["phantom", "busi"]])
def test_help(verb: list[str]) -> None:
    result = CliRunner().invoke(main, [*verb, "--help"])
    assert result.exit_code == 0 and result.output.startswith("Usage: ")


def test_version() -> None:
    assert CliRunner().invoke(main, ["--version"]).output == f"med2d, version {__version__}\n"


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (InputError("mask x: wrong\n  and more"), 2, "Error: mask x: wrong\n  and more\n"),
        (KeyboardInterrupt(), 130, "Stopped by Ctrl-C.\n"),
    ],
)
def test_what_a_person_can_mend_is_one_line(error: BaseException, code: int, text: str) -> None:
    @click.group(cls=Verbs)
    def group() -> None:
        pass

    @group.group()
    def inner() -> None:
        pass

    @inner.command()
    def verb() -> None:
        raise error

    result = CliRunner().invoke(group, ["inner", "verb"])
    assert (result.exit_code, result.stderr) == (code, text)


def test_an_unknown_layout_is_refused_with_the_known_ones() -> None:
    result = CliRunner().invoke(main, ["convert", "bussi", "a", "b"])
    assert result.exit_code == 2 and "'busi'" in result.stderr


def test_from_phantom_to_dataset(tmp_path: Path) -> None:
    raw, out = tmp_path / "raw folder", tmp_path / "out"
    make = ["phantom", "busi", str(raw), "--count", "18", "--seed", "3", "--size", "96"]
    made = CliRunner().invoke(main, make)
    assert made.exit_code == 0, made.output
    assert made.stdout.splitlines()[0] == f"18 images in {raw}"
    assert CliRunner().invoke(main, make).exit_code == 2
    assert CliRunner().invoke(main, [*make, "--overwrite"]).exit_code == 0
    command = ["convert", "busi", str(raw), str(out), "--task", "segmentation", "--folds", "3"]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 0, result.output
    assert "fold 2" in result.stdout and f"--dataset_dir {out}" in result.stdout
