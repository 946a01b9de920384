from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipelines.cli import main
from pipelines.commands.phantom import phantom
from pipelines.datasets.dataset import read
from pipelines.datasets.layouts import LAYOUTS
from pipelines.datasets.phantoms import PHANTOMS
from tests.pipelines.commands.command_line import SMALL, follow, make, run

Made = Callable[[str], tuple[str, Path]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Gives the command that a few images of a kind name, and their folder; do not write there."""
    folder = tmp_path_factory.mktemp("phantoms")

    @cache
    def of(kind: str) -> tuple[str, Path]:
        raw = folder / f"made {kind}"
        return make(kind, raw), raw

    return of


def test_from_phantom_to_dataset(tmp_path: Path) -> None:
    raw, out = tmp_path / "raw folder", tmp_path / "out"
    make = ["phantom", "busi", str(raw), "--count", "18", "--seed", "3", "--size", "96"]
    make += ["--workers", "1"]
    made = CliRunner().invoke(main, make)
    assert made.exit_code == 0, made.output
    assert made.stdout.splitlines()[0] == f"18 images in {raw}"
    assert CliRunner().invoke(main, make).exit_code == 2
    assert CliRunner().invoke(main, [*make, "--overwrite"]).exit_code == 0
    command = ["convert", "busi", str(raw), str(out), "--task", "segmentation", "--folds", "3"]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 0, result.output
    assert "fold 2" in result.stdout and f"--dataset_dir {out}" in result.stdout
    assert "next: python -m monai.bundle run" in result.stdout


def test_every_phantom_is_tried() -> None:
    assert set(SMALL) == set(PHANTOMS) == set(phantom.commands)


@pytest.mark.parametrize("kind", PHANTOMS)
def test_what_a_phantom_names_as_next_converts_it(kind: str, made: Made, tmp_path: Path) -> None:
    (command, _), out = made(kind), tmp_path / "out"
    result = follow(command, out, "--folds", 3, "--workers", 1, "--json")
    assert result.exit_code == 0, result.output
    dataset, layout = read(out), command.split()[1]
    summary = json.loads(result.stdout)
    assert summary["written"] and summary["layout"] == layout == PHANTOMS[kind].convert
    assert dataset.folds == [0, 1, 2] and len(dataset.items) == summary["images"]
    assert summary["images"] + len(summary["left_out"]) == SMALL[kind][0]
    assert dataset.task == next(iter(LAYOUTS[layout].bundles))


@pytest.mark.parametrize("count", [8, 9, 12, 15])
def test_the_command_that_a_phantom_names_works_as_it_stands(
    count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    made = run("phantom", "bones", "DATASET", "--count", count, "--size", 64, "--workers", 1)
    assert made.exit_code == 0, made.output
    line = made.stdout.splitlines()[-1]
    if count == 8:
        assert line == "too few for a dataset: make them again with --count 12 --overwrite"
        return
    folds = {9: 3, 12: 4, 15: 5}[count]
    end = f" --folds {folds}" if folds < 5 else ""
    command = "med2d convert class-folders DATASET DATASET-2 --levels class,region"
    assert line == f"next: {command}{end}"
    assert run(*line.split()[2:], "--workers", 1).exit_code == 0
    assert read(tmp_path / "DATASET-2").folds == list(range(folds))


@pytest.mark.slow
@pytest.mark.parametrize("kind", PHANTOMS)
def test_enough_images_make_three_folds(kind: str, tmp_path: Path) -> None:
    words = ("--count", PHANTOMS[kind].enough, "--size", 64)
    made = run("phantom", kind, tmp_path / "raw", *words)
    assert made.stdout.splitlines()[-1].startswith("next: med2d convert "), made.output


@pytest.mark.slow
@pytest.mark.parametrize("kind", PHANTOMS)
def test_a_phantom_of_its_own_size_makes_five_folds(kind: str, tmp_path: Path) -> None:
    made = run("phantom", kind, tmp_path / "raw")
    assert made.exit_code == 0, made.output
    command = made.stdout.splitlines()[-1].removeprefix("next: med2d ")
    result = follow(command, tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert read(tmp_path / "out").folds == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("kind", PHANTOMS)
def test_a_phantom_is_of_the_layout_that_its_next_command_names(
    kind: str, made: Made, tmp_path: Path
) -> None:
    """The table is right where the images are recognised without being told."""
    command, raw = made(kind)
    result = run("convert", "auto", raw, tmp_path / "out", "--dry-run")
    assert f"is of the {command.split()[1]} layout: it holds" in result.stderr


def test_the_line_of_a_phantom_names_a_maker_that_takes_what_it_is_given() -> None:
    for made in PHANTOMS.values():
        maker = getattr(importlib.import_module(made.module), made.function)
        names = set(maker.__code__.co_varnames[: maker.__code__.co_argcount])
        given = {"out", "count", "seed", "size", "workers", "overwrite", "progress"}
        assert given | {flag for flag, _ in made.flags} == names


def test_arrays_are_made_with_masks_on_request(tmp_path: Path) -> None:
    make("npy", tmp_path / "raw", "--masks")
    words = ("npy-arrays", tmp_path / "raw", tmp_path / "out", "--task", "segmentation")
    result = run("convert", *words, "--folds", 3, "--workers", 1)
    assert result.exit_code == 0, result.output
    assert read(tmp_path / "out").task == "segmentation"


def test_a_phantom_replaces_only_what_a_phantom_made(tmp_path: Path) -> None:
    command = make("bones", tmp_path / "raw")
    words = ("phantom", "bones", tmp_path / "raw", "--count", 2, "--size", 64, "--workers", 1)
    result = run(*words)
    assert result.exit_code == 2 and "replace it with --overwrite" in result.stderr
    assert run(*words, "--overwrite").exit_code == 0
    (tmp_path / "raw" / "mine.txt").write_text("mine")
    result = run(*words, "--overwrite")
    assert result.exit_code == 2 and len(result.stderr.splitlines()) == 1
    assert (tmp_path / "raw" / "mine.txt").read_text() == "mine"
    assert command.startswith("convert class-folders ")
