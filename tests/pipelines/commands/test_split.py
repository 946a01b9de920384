from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from pipelines.datasets.dataset import read
from tests.pipelines.commands.command_line import run


@pytest.fixture
def folder(busi_dataset: Path, tmp_path: Path) -> Path:
    """A copy of the made dataset, 30 images, with a site and a patient for each."""
    copy = tmp_path / "my data"
    shutil.copytree(busi_dataset, copy)

    def add_columns(content: dict[str, Any]) -> None:
        sites: dict[str, str] = {}
        for number, item in enumerate(content["training"]):
            item["site"] = sites.setdefault(item["group"], ["north", "south", "east"][number % 3])
            item["patient"] = f"p{number // 2}"

    edit(copy, add_columns)
    return copy


def edit(folder: Path, change: Any) -> None:
    path = folder / "dataset.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content)
    path.write_text(json.dumps(content), encoding="utf-8")


def refused(*words: object) -> str:
    result = run("split", *words)
    assert result.exit_code == 2 and result.stdout == "", result.output
    lines = result.stderr.splitlines()
    assert len(lines) == 1 and lines[0].startswith("Error: ")
    return lines[0].removeprefix("Error: ")


def done(*words: object) -> Result:
    result = run("split", *words)
    assert result.exit_code == 0, result.output
    return result


def test_a_folder_is_divided_and_the_table_printed(folder: Path) -> None:
    result = done(folder, "--folds", 3, "--test", 0.2, "--seed", 5)
    assert "fold 2" in result.stdout and "test" in result.stdout and "malignant" in result.stdout
    lines = result.stdout.splitlines()
    testing = len(read(folder).testing)
    assert f"30 images in {len({i['group'] for i in read(folder).items}) + testing}" in lines[-2]
    assert f"3 folds, {testing} of them ({testing / 30:.1%}) in the test part" in lines[-2]
    assert lines[-1] == f"written to {folder}/dataset.json"
    before = (folder / "dataset.json").read_bytes()
    assert "the earlier part testing" in done(folder, "--folds", 3).stderr
    done(folder, "--folds", 3, "--test", 0.2, "--seed", 5)
    assert (folder / "dataset.json").read_bytes() == before


def test_json_says_all_and_nothing_else(folder: Path) -> None:
    words = (folder, "--folds", 3, "--group", "patient", "--stratify", "class,site", "--json")
    result = done(*words, "--dry-run")
    content = json.loads(result.stdout)
    assert (content["written"], content["folds"], content["testing"]) == (False, 3, 0)
    assert content["classes"]["benign"]["all"] == sum(
        count for place, count in content["classes"]["benign"].items() if place != "all"
    )
    assert set(content["strata"]) == {"site"} and set(content["strata"]["site"]) == {
        "north", "south", "east",
    }  # fmt: skip
    assert content["split"]["stratify"] == ["class", "site"] and content["leaky"] is False
    assert content["said"] == result.stderr.splitlines()
    assert len(read(folder).folds) == 5
    assert json.loads(done(*words).stdout)["written"] is True
    assert len(read(folder).folds) == 3


@pytest.mark.parametrize("flag", ["--leave-out", "--site"])
def test_the_folds_of_sites_are_named(folder: Path, flag: str) -> None:
    result = run("split", folder, flag, "site", "--json")
    assert json.loads(result.stdout)["sites"] == {
        "fold 0": "east", "fold 1": "north", "fold 2": "south",
    }  # fmt: skip
    assert "(east)" in done(folder, flag, "site").stdout


def test_a_leaky_split_is_marked_until_the_next(folder: Path) -> None:
    result = done(folder, "--leaky", "--group", "patient", "--folds", 3)
    assert result.stderr.startswith("warning: leaky split, made on purpose: ")
    assert read(folder).leaky
    assert json.loads((folder / "dataset.json").read_text())["source"]["leaky"] is True
    done(folder, "--folds", 3)
    assert not read(folder).leaky


def test_a_split_goes_by_a_file(folder: Path, tmp_path: Path) -> None:
    file, other = tmp_path / "split.json", tmp_path / "other"
    shutil.copytree(folder, other)
    result = done(folder, "--folds", 3, "--test", 0.2, "--export-split", file)
    assert result.stdout.splitlines()[-1] == f"the split is in {file}"
    assert "replace it with --overwrite" in refused(folder, "--export-split", file)
    done(folder, "--export-split", file, "--overwrite")
    result = done(other, "--apply-split", file)
    assert result.stdout.splitlines()[-1] == f"written to {other}/dataset.json"
    assert (read(other).items, read(other).testing) == (read(folder).items, read(folder).testing)
    assert "leave --folds, --seed out" in refused(
        other, "--apply-split", file, "--folds", 3, "--seed", 0
    )


def test_an_explicit_zero_is_an_option_too(folder: Path, tmp_path: Path) -> None:
    done(folder, "--folds", 3)
    done(folder, "--seed", 0, "--export-split", tmp_path / "split.json")
    assert len(read(folder).folds) == 5


def test_the_wrong_things_that_people_type(folder: Path, tmp_path: Path) -> None:
    before = (folder / "dataset.json").read_bytes()
    cases: list[tuple[tuple[object, ...], str]] = [
        ((tmp_path / "none",), "does not exist"),
        ((folder / "dataset.json",), "is a file; expected a dataset folder"),
        ((folder / "images",), "has no dataset.json; make one with med2d convert"),
        ((folder, "--folds", 2), "2 is not in the range x>=3"),
        ((folder, "--folds", 30), 'class "normal" has 5 groups, fewer than the 30 folds'),
        ((folder, "--test", 15), "--test 15 is no share of the images; expected 0"),
        ((folder, "--test", "15%"), "'15%' is not a valid float"),
        ((folder, "--group", "patients"), 'no column "patients" to be divided by; they have "cl'),
        ((folder, "--group", "patients"), 'Did you mean "patient"?'),
        ((folder, "--stratify", "class,sites"), 'Did you mean "site"?'),
        ((folder, "--stratify", "class,class"), "holds a name twice"),
        ((folder, "--stratify", ""), "holds a name twice, or an empty one"),
        ((folder, "--site", "clinic"), '--leave-out: the images have no column "clinic"'),
        ((folder, "--site", "site", "--folds", 3), "leave --folds out"),
        ((folder, "--site", "site", "--stratify", "class"), "leave --stratify out"),
        ((folder, "--site", "site", "--leaky"), "give one only"),
        ((folder, "--keep-test"), "has no part testing to keep; make one by --test 0.15"),
        ((folder, "--apply-split", tmp_path / "none"), "does not exist"),
        ((folder, "--apply-split", folder / "dataset.json"), "is no split file"),
        ((folder, "--export-split", folder / "dataset.json"), "is no split file; give another"),
        ((folder, "--export-split", tmp_path), "what stands there is no split file"),
        ((folder, "--export-split", tmp_path / "no" / "x"), "does not exist; make it"),
        ((folder, "--seed", -1), "-1 is not in the range"),
        ((folder, "--fold", 5), "No such option '--fold'"),
    ]
    for words, expected in cases:
        assert expected in refused(*words), words
    assert (folder / "dataset.json").read_bytes() == before


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda c: c.pop("labels"), 'dataset.json lacks the key "labels"'),
        (lambda c: c["training"][3].pop("group"), 'training[3] lacks the key "group"'),
        (lambda c: c["training"][3].update(group=7), 'training[3]: "group" is 7; expected a text'),
        (lambda c: c["source"].update(leaky="yes"), '"leaky" of "source" is "yes"; expected true'),
        (lambda c: c["training"][3].update(image="images/x.png"), "which does not exist"),
        (lambda c: c["training"][3].pop("patient"), 'has no "patient"; expected a value for every'),
    ],
)
def test_a_record_that_is_none_is_refused(folder: Path, change: Any, expected: str) -> None:
    edit(folder, change)
    assert expected in refused(folder, "--group", "patient")


def test_a_group_of_two_sites_is_refused(folder: Path) -> None:
    edit(folder, lambda c: [item.update(group="g1") for item in c["training"][:2]])
    assert "group g1 spans two values of site" in refused(folder, "--leave-out", "site")
