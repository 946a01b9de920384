from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from pipelines.cli import main
from tests.pipelines.commands.command_line import run
from tests.pipelines.preview.made_dataset import classification, segmentation


def test_the_sheets_are_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    segmentation(tmp_path / "my data")
    monkeypatch.chdir(tmp_path)
    result = run("preview", "my data", "--size", 96, "--count", 3)
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == [
        "class_a.png: 3 of 4 images",
        "class_b.png: 2 of 2 images",
        "flag_caliper.png: 1 of 1 images",
        "flag_text.png: 1 of 1 images",
        "written to previews/my data",
    ]
    assert (tmp_path / "previews" / "my data" / "class_a.png").is_file()


def test_json_lists_the_images(tmp_path: Path) -> None:
    segmentation(tmp_path / "data")
    words = ("preview", tmp_path / "data", "--out", tmp_path / "out", "--size", 96, "--json")
    content = json.loads(run(*words, "--class", "b", "--columns", 1).stdout)
    assert content["out"] == str(tmp_path / "out")
    (sheet,) = content["sheets"]
    assert sheet == {
        "file": "class_b.png",
        "kind": "class",
        "name": "b",
        "of": 2,
        "images": ["images/b_02.png", "images/b_05.png"],
    }


def test_what_cannot_be_shown_is_one_line(tmp_path: Path) -> None:
    segmentation(tmp_path / "data")
    classification(tmp_path / "classes")
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "a.txt").write_text("mine")
    out = tmp_path / "out"
    data, classes = tmp_path / "data", tmp_path / "classes"
    cases = [
        ((tmp_path / "none",), "does not exist"),
        ((mine,), "has no dataset.json"),
        ((data, "--class", "q"), "no class 'q'; the classes are a, b"),
        ((data, "--fold", 5), "no fold 5"),
        ((data, "--count", 0), "0 is not in the range"),
        ((data, "--size", 10), "10 is not in the range"),
        ((data, "--bundle", "nope"), "no bundle 'nope'; expected one of "),
        ((classes, "--bundle", "breast_us_segmentation"), "this bundle does segmentation"),
        ((data, "--out", mine, "--overwrite"), "was not made by med2d preview"),
    ]
    for words, expected in cases:
        result = run("preview", "--out", out, *words)
        assert result.exit_code == 2 and result.stdout == ""
        assert result.stderr.startswith("Error: ") and expected in result.stderr
        assert len(result.stderr.splitlines()) == 1
    assert (mine / "a.txt").read_text() == "mine" and not out.exists()


def test_an_earlier_preview_is_replaced_on_request(tmp_path: Path) -> None:
    segmentation(tmp_path / "data")
    words = ("preview", tmp_path / "data", "--out", tmp_path / "out", "--size", 96)
    assert run(*words).exit_code == 0
    refused = run(*words)
    assert refused.exit_code == 2 and "replace it with --overwrite" in refused.stderr
    assert run(*words, "--overwrite").exit_code == 0


def test_the_page_names_every_option() -> None:
    page = Path(__file__).parents[3] / "docs" / "preview.md"
    table = re.findall(r"^\| `(--[a-z]+)", page.read_text(encoding="utf-8"), re.MULTILINE)
    params = main.commands["preview"].params
    flags = [flag for each in params for flag in each.opts if flag.startswith("--")]
    assert sorted(table) == sorted(flags)
