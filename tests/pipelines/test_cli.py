from __future__ import annotations

import importlib
import json
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from pipelines import __version__
from pipelines.cli import Verbs, _layout_command, convert, main, phantom
from pipelines.datasets.dataset import read
from pipelines.datasets.exports import EXPORTS
from pipelines.datasets.layouts import LAYOUTS, Option
from pipelines.datasets.layouts import busi as busi_module
from pipelines.datasets.layouts.sample import Request
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


def run(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words], prog_name="med2d")


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


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_has_its_command_with_its_options(layout: str) -> None:
    result = CliRunner().invoke(main, ["convert", layout, "--help"])
    assert result.exit_code == 0 and LAYOUTS[layout].tree.splitlines()[0] in result.output
    command = convert.commands[layout]
    names = [param.name for param in command.params]
    flags = [flag for param in command.params for flag in param.opts]
    assert len(names) == len(set(names)) and len(flags) == len(set(flags))
    assert {option.name for option in LAYOUTS[layout].options} <= set(names)


def test_the_layouts_are_listed() -> None:
    text = CliRunner().invoke(main, ["layouts"]).output
    table = json.loads(CliRunner().invoke(main, ["layouts", "--json"]).output)
    assert [each["name"] for each in table] == list(LAYOUTS)
    for layout in LAYOUTS.values():
        assert f"{layout.name}: {layout.description}" in text
        assert all(line in text for line in layout.tree.splitlines())
        assert all(option.flag in text for option in layout.options)


def test_auto_says_which_layout_and_why(busi_raw: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = ["convert", "auto", str(busi_raw), str(out), "--dry-run", "--json", "--workers", "1"]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 0, result.output
    line = f"{busi_raw} is of the busi layout: it holds benign/benign (1)_mask.png"
    assert result.stderr.splitlines()[0] == line
    summary = json.loads(result.stdout)
    assert summary["layout"] == "busi" and not summary["written"] and not out.exists()


def test_the_options_of_a_layout_reach_its_reader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Request] = []

    def scan(raw: Path, request: Request) -> None:
        asked.append(request)
        raise InputError("enough")

    monkeypatch.setattr(busi_module, "scan", scan)
    own = (
        Option("--image-column", "x"),
        Option("--keep", "x", is_flag=True),
        Option("--more", "x", repeatable=True),
        Option("--axis", "x", choices=("x", "y")),
        Option("--absent", "x", default="y"),
    )
    layout = replace(LAYOUTS["busi"], options=own)
    monkeypatch.setitem(LAYOUTS, "busi", layout)
    command = _layout_command(layout)
    words = "a b --image-column i --keep --more 1 --more 2 --axis y --classes p,q --map 3=1"
    with pytest.raises(InputError, match="enough"):
        command.main(words.split(), standalone_mode=False)
    options = {"image_column": "i", "keep": True, "more": ("1", "2"), "axis": "y"}
    assert asked == [Request("segmentation", ("p", "q"), {3: 1}, options)]


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


def test_every_phantom_is_tried() -> None:
    assert set(SMALL) == set(PHANTOMS) == set(phantom.commands)


@pytest.mark.parametrize("kind", PHANTOMS)
def test_what_a_phantom_names_as_next_converts_it(kind: str, tmp_path: Path) -> None:
    command, out = make(kind, tmp_path / "made data"), tmp_path / "out"
    result = follow(command, out, "--folds", 3, "--workers", 1, "--json")
    assert result.exit_code == 0, result.output
    dataset, layout = read(out), command.split()[1]
    summary = json.loads(result.stdout)
    assert summary["written"] and summary["layout"] == layout == PHANTOMS[kind].convert
    assert dataset.folds == [0, 1, 2] and len(dataset.items) == summary["images"]
    assert summary["images"] + len(summary["left_out"]) == SMALL[kind][0]
    assert dataset.task == next(iter(LAYOUTS[layout].bundles))


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
def test_a_phantom_is_of_the_layout_that_its_next_command_names(kind: str, tmp_path: Path) -> None:
    """The table is right where the images are recognised without being told."""
    command = make(kind, tmp_path / "raw")
    result = run("convert", "auto", tmp_path / "raw", tmp_path / "out", "--dry-run")
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


LEFT = {
    "nnunet": ("Dataset507_busi/splits_final.json", "Dataset507_busi/labelsTr/benign_0001.png"),
    "auto3dseg": ("datalist.json", "labels/benign_0001.nii.gz"),
    "npz": ("dataset.npz",),
    "yolo": ("data.yaml",),
}


@pytest.mark.parametrize("to", EXPORTS)
def test_a_dataset_is_exported(to: str, busi_dataset: Path, tmp_path: Path) -> None:
    out = tmp_path / "my export"
    words = ("export", busi_dataset, out, "--to", to, "--size", 32, "--number", 507, "--workers", 1)
    result = run(*words)
    assert result.exit_code == 0, result.output
    assert result.stdout == f"written to {out}\n"
    assert all((out / name).is_file() for name in LEFT[to])
    refused = run(*words)
    assert refused.exit_code == 2 and "replace it with --overwrite" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    assert run(*words, "--overwrite").exit_code == 0


def test_a_fold_that_is_not_there_is_refused(busi_dataset: Path, tmp_path: Path) -> None:
    result = run("export", busi_dataset, tmp_path / "out", "--to", "yolo", "--fold", 5)
    assert result.exit_code == 2 and len(result.stderr.splitlines()) == 1
    assert "fold 5" in result.stderr and not any(tmp_path.iterdir())


def test_what_cannot_be_exported_is_one_line(busi_dataset: Path, tmp_path: Path) -> None:
    make("npy", tmp_path / "raw")
    classes = tmp_path / "classes"
    convert_words = ("convert", "npy-arrays", tmp_path / "raw", classes, "--folds", 3)
    assert run(*convert_words, "--workers", 1).exit_code == 0
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "a.txt").write_text("mine")
    cases = [
        ((classes, tmp_path / "out", "nnunet"), "is a classification dataset; nnunet takes segmen"),
        ((classes, tmp_path / "out", "auto3dseg"), "auto3dseg takes segmentation only"),
        ((tmp_path / "raw", tmp_path / "out", "npz"), "has no dataset.json"),
        ((busi_dataset, mine, "npz"), "is not empty"),
        ((busi_dataset, busi_dataset, "npz"), "lie in one another"),
    ]
    for (dataset, out, to), expected in cases:
        for further in ([], ["--overwrite"]):
            result = run("export", dataset, out, "--to", to, *further)
            assert result.exit_code == 2 and result.stdout == ""
            assert result.stderr.startswith("Error: ") and expected in result.stderr
            assert len(result.stderr.splitlines()) == 1
    assert (mine / "a.txt").read_text() == "mine" and not (tmp_path / "out").exists()


def test_auto_names_the_command_that_has_the_options(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    Image.new("L", (40, 30)).save(tmp_path / "raw" / "x.png")
    (tmp_path / "raw" / "t.csv").write_text("a;b;c\nx;1;2\n")
    result = CliRunner().invoke(main, ["convert", "auto", str(tmp_path / "raw"), "out"])
    assert result.exit_code == 2
    assert "Those options belong to: med2d convert csv-labels " in result.output
