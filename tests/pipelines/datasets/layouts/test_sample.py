from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest

from pipelines.datasets.layouts import LAYOUTS
from pipelines.datasets.layouts.sample import (
    Sample,
    is_litter,
    listing,
    natural,
    plain_name,
    printable,
)
from pipelines.datasets.sources.picture_file import PictureFile


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
        assert layout.name == name and layout.bundles and layout.tree.startswith("RAW")
        assert set(layout.bundles) <= {"segmentation", "classification"}
        assert all(option.flag.startswith("--") for option in layout.options)


def test_a_sample_can_be_sent_to_a_worker() -> None:
    sample = Sample("a", PictureFile(Path("a.png")), "c", columns={"site": "A"})
    for each in (sample, Sample("a", PictureFile(Path("a.png")), "c")):
        assert pickle.loads(pickle.dumps(each)) == each


@pytest.mark.parametrize(
    ("name", "expected"), [("My Tissue (2)", "my-tissue-2"), ("Föten", "föten"), ("___", "data")]
)
def test_a_dataset_name_is_plain(tmp_path: Path, name: str, expected: str) -> None:
    assert plain_name(tmp_path / name) == expected
