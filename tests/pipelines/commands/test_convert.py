from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

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
