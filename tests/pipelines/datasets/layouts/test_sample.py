from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipelines.datasets.layouts import LAYOUTS
from pipelines.datasets.layouts.sample import is_litter, listing, natural, printable


def test_natural_order() -> None:
    names = ["b (10).png", "b (2).png", "B (1).png", "a²", "b (02).png", "7", "x"]
    assert sorted(names, key=natural) == [
        "7",
        "a²",
        "B (1).png",
        "b (02).png",
        "b (2).png",
        "b (10).png",
        "x",
    ]


@pytest.mark.parametrize("name", [".DS_Store", "Thumbs.db", "desktop.ini", "__MACOSX", "._x.png"])
def test_litter(name: str, tmp_path: Path) -> None:
    (tmp_path / name).touch()
    (tmp_path / "x.png").touch()
    assert is_litter(name) and not is_litter("x.png")
    assert [path.name for path in listing(tmp_path)] == ["x.png"]


def test_names_that_are_no_text_can_be_shown(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"l\xe9sion.png")
    assert printable(path, tmp_path) == "l\ufffdsion.png"


def test_the_table_is_complete() -> None:
    for name, layout in LAYOUTS.items():
        assert layout.name == name and layout.bundles and layout.tree.startswith("RAW/")
