"""The command line, as the tests of the verbs use it."""

from __future__ import annotations

import shlex
from pathlib import Path

from click.testing import CliRunner, Result

from pipelines.cli import main


def run(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words], prog_name="med2d")


SMALL = {
    "busi": (18, 96),
    "npy": (18, 64),
    "fetal-planes": (60, 64),
    "bones": (24, 64),
    "tissue": (12, 64),
}
"""A few small images of each kind: enough for three folds."""


def make(kind: str, folder: Path, *further: object) -> str:
    """Makes a few images; gives the command that the last line names, without its program."""
    count, size = SMALL[kind]
    words = ("--count", count, "--size", size, "--seed", 3, "--workers", 1, *further)
    result = run("phantom", kind, folder, *words)
    assert result.exit_code == 0, result.output
    first, last = result.stdout.splitlines()
    assert first == f"{count} images in {folder}" and last.startswith("next: med2d convert ")
    return last.removeprefix("next: med2d ")


def follow(command: str, dataset: Path, *further: object) -> Result:
    """Gives the command that was named, its word DATASET replaced by a folder."""
    words = shlex.split(command)
    assert words.count("DATASET") == 1
    return run(*(dataset if word == "DATASET" else word for word in words), *further)
