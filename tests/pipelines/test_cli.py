from __future__ import annotations

import errno
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from pipelines import __version__
from pipelines.cli import Verbs, main
from pipelines.datasets.phantoms import PHANTOMS
from pipelines.errors import InputError


def test_the_command_line_imports_nothing_heavy() -> None:
    heavy = [
        "torch",
        "monai",
        "numpy",
        "mlflow",
        "scipy",
        "sklearn",
        "PIL",
        "rich",
        "pydicom",
        "pandas",
    ]
    code = f"import sys, pipelines.cli; print([name for name in {heavy} if name in sys.modules])"
    command = [sys.executable, "-c", code]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.parametrize(
    "verb",
    [
        [],
        ["convert"],
        ["layouts"],
        ["phantom"],
        *(["phantom", name] for name in PHANTOMS),
        ["export"],
    ],
)
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
        (
            OSError(errno.ENOSPC, "No space left on device", "runs/cases.csv"),
            2,
            "Error: runs/cases.csv cannot be written (No space left on device); free space or "
            "choose another folder\n",
        ),
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


WRONG = {
    "--foo": "No such option '--foo' (see med2d --help)",
    "conver": "No such command 'conver'. Did you mean 'convert'? (see med2d --help)",
    "convert busi": "Missing argument 'RAW' (see med2d convert busi --help)",
    "convert bussi a b": "No such command 'bussi'. Did you mean 'busi'? (see med2d convert --help)",
    "convert busi a b --task detection": "'detection' is not one of 'segmentation', 'classific",
    "convert class-folders a b --task segmentation": "'segmentation' is not 'classification'",
    "convert busi a b --classes a,b,a": "'a,b,a' holds a name twice, or an empty one",
    "convert busi a b --classes a,,b": "'a,,b' holds a name twice, or an empty one",
    "convert busi a b --folds 4 --val 0.2": "--folds and --val say the same in two ways",
    "convert busi a b --val 0.7": "--val 0.7 is no share that one fold can hold; expected mo",
    "convert busi a b --limit 0": "Invalid value for '--limit': 0 is not in the range x>=1",
    "convert auto none out": "the raw folder none does not exist",
    "convert busi a b --folds 2": "Invalid value for '--folds': 2 is not in the range x>=3 (see",
    "convert busi a b --map 38": "'38' is not of the form VALUE=INDEX, such as 38=1 (see med2d",
    "convert busi a b --map 3=1 --map 3=0": "Invalid value for '--map': 3 is mapped to 1 and to 0",
    "phantom busi": "Missing argument 'OUT' (see med2d phantom busi --help)",
    "phantom busi x --workers 0": "Invalid value for '--workers': 0 is not in the range x>=1",
    "phantom busi /": "/ is a mount point, which cannot be moved; give a folder inside it",
    "convert busi none out": "the raw folder none does not exist",
    "phantom bsi x": "No such command 'bsi'. Did you mean 'busi'? (see med2d phantom --help)",
    "phantom tissue x --size 63": "size is 63; ",
    "phantom bones x --count 0": "Invalid value for '--count': 0 is not in the range x>=1",
    "phantom busi x --masks": "No such option '--masks'",
    "export": "Missing argument 'DATASET' (see med2d export --help)",
    "export a": "Missing argument 'OUT' (see med2d export --help)",
    "export a b": "Missing option '--to'",
    "export a b --to coco": "'coco' is not one of 'nnunet', 'auto3dseg', 'npz', 'yolo'",
    "export none out --to npz": "none does not exist",
    "export a b --to nnunet --number 1000": "1000 is not in the range 1<=x<=999",
    "export a b --to yolo --fold -1": "Invalid value for '--fold': -1 is not in the range x>=0",
}


@pytest.mark.parametrize(("arguments", "expected"), WRONG.items())
def test_a_wrong_command_line_is_one_line(arguments: str, expected: str) -> None:
    result = CliRunner().invoke(main, arguments.split(), prog_name="med2d")
    assert result.exit_code == 2 and result.stdout == ""
    assert result.stderr.startswith("Error: ") and expected in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("group", ["", "convert", "phantom"])
def test_a_group_without_a_command_shows_its_help(group: str) -> None:
    result = CliRunner().invoke(main, group.split())
    assert result.exit_code == 2 and result.output.startswith("Usage: ")


@pytest.mark.parametrize("command", [["convert", "busi"], ["convert", "auto"], ["phantom", "busi"]])
def test_the_options_that_messages_name_exist(command: list[str]) -> None:
    assert "--workers" in CliRunner().invoke(main, [*command, "--help"]).output
