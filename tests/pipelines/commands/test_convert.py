from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from pipelines.cli import main
from pipelines.commands.convert import _layout_command, convert
from pipelines.datasets.layouts import LAYOUTS, Option
from pipelines.datasets.layouts import busi as busi_module
from pipelines.datasets.layouts.sample import Request
from pipelines.errors import InputError


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_has_its_command_with_its_options(layout: str) -> None:
    result = CliRunner().invoke(main, ["convert", layout, "--help"])
    assert result.exit_code == 0 and LAYOUTS[layout].tree.splitlines()[0] in result.output
    command = convert.commands[layout]
    names = [param.name for param in command.params]
    flags = [flag for param in command.params for flag in param.opts]
    assert len(names) == len(set(names)) and len(flags) == len(set(flags))
    assert {option.name for option in LAYOUTS[layout].options} <= set(names)


def test_auto_says_which_layout_and_why(busi_raw: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = ["convert", "auto", str(busi_raw), str(out), "--dry-run", "--json", "--workers", "1"]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 0, result.output
    line = f"{busi_raw} is of the busi layout: it holds benign/benign (1)_mask.png"
    assert result.stderr.splitlines()[0] == line
    summary = json.loads(result.stdout)
    assert summary["layout"] == "busi" and not summary["written"] and not out.exists()


def test_a_failure_is_json_too(tmp_path: Path) -> None:
    raw, out = tmp_path / "raw", tmp_path / "out"
    (raw / "benign").mkdir(parents=True)
    for name in ("good", "good_mask", *map(str, range(11))):
        (raw / "benign" / f"{name}.png").touch()
    result = CliRunner().invoke(main, ["convert", "busi", str(raw), str(out), "--json"])
    assert result.exit_code == 2 and not out.exists()
    said = json.loads(result.stdout)
    assert said["error"] in result.stderr and "and 3 more" in result.stderr
    assert len(said["problems"]) == 12
    assert {"source", "reason"} == set(said["problems"][0])


@pytest.mark.parametrize(("val", "said"), [("0.4", True), ("0.2", False), ("0.33", False)])
def test_a_share_that_cannot_be_kept_is_named(
    busi_raw: Path, tmp_path: Path, val: str, said: bool
) -> None:
    command = ["convert", "busi", str(busi_raw), str(tmp_path / "out"), "--dry-run", "--val", val]
    result = CliRunner().invoke(main, command)
    line = "warning: --val 0.4 becomes --folds 3, of which one holds 0.33"
    assert (line in result.stderr.splitlines()) is said


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


def test_auto_names_the_command_that_has_the_options(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    Image.new("L", (40, 30)).save(tmp_path / "raw" / "x.png")
    (tmp_path / "raw" / "t.csv").write_text("a;b;c\nx;1;2\n")
    result = CliRunner().invoke(main, ["convert", "auto", str(tmp_path / "raw"), "out"])
    assert result.exit_code == 2
    assert "Those options belong to: med2d convert csv-labels " in result.output


def test_the_task_of_a_datalist_is_what_it_says(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    rng = np.random.default_rng(0)
    items = [{"image": f"{index}.png", "label": "ab"[index % 2]} for index in range(8)]
    for item in items:
        Image.fromarray(rng.integers(0, 256, (40, 50), np.uint8)).save(raw / item["image"])
    (raw / "list.json").write_text(json.dumps(items))
    for layout in ("datalist", "auto"):
        words = ["convert", layout, str(raw), str(tmp_path / "out"), "--folds", "3", "--dry-run"]
        result = CliRunner().invoke(main, [*words, "--json", "--workers", "1"])
        assert result.exit_code == 0, result.output
        assert json.loads(result.stdout)["task"] == "classification"
        wrong = CliRunner().invoke(main, [*words, "--task", "segmentation"])
        assert wrong.exit_code == 2 and wrong.stderr.splitlines()[-1].endswith(
            'are no masks (training[0] has "a"); convert it with --task classification'
        )
    assert "[default: (what" in CliRunner().invoke(main, ["convert", "auto", "--help"]).output
