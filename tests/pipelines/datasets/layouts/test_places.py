from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from pipelines.datasets.layouts.places import counted, find_places, is_split, top_folder
from pipelines.datasets.layouts.walk import Walk


def tree(*names: str) -> Walk:
    files = [PurePosixPath(name) for name in names if not name.endswith("/")]
    folders = {above for file in files for above in file.parents[:-1]}
    folders |= {PurePosixPath(name) for name in names if name.endswith("/")}
    return Walk(Path("raw"), files, sorted(folders))


@pytest.mark.parametrize(
    ("names", "top"),
    [
        (["a/1.png", "b/1.png"], "."),
        (["data/a/1.png", "data/b/1.png"], "data"),
        (["data/a/1.png", "data/b/1.png", "readme.txt"], "data"),
        (["zip/data/a/1.png", "zip/data/b/1.png"], "zip/data"),
        (["data/train/a/1.png", "data/test/a/1.png"], "data"),
        (["train/a/1.png", "train/b/1.png"], "."),
        (["a/1.png"], "."),
        (["data/a/1.png", "data/b/1.png", "0.png"], "."),
        (["data/a/1.png", "data/b/1.png", "empty/"], "."),
        (["a/1.png", "a/b/1.png"], "."),
    ],
)
def test_the_folder_around_is_looked_through(names: list[str], top: str) -> None:
    assert str(top_folder(tree(*names))) == top


@pytest.mark.parametrize(
    ("names", "split"),
    [
        (["train", "test"], True),
        (["Train", "Valid", "extra"], True),
        (["val", "TEST"], True),
        (["normal", "test"], False),
        (["benign"], False),
        ([], False),
    ],
)
def test_whether_folders_are_parts(names: list[str], split: bool) -> None:
    assert is_split(names) is split


def test_places_of_a_split_folder() -> None:
    found, strangers = find_places(
        tree("d/Train/a/w/1.png", "d/VAL/a/1.png", "d/test/1.png", "d/new/1.png", "d/new/2.png"),
        PurePosixPath("d"),
    )
    assert [(place.source, place.part, place.folders) for place in found] == [
        ("Train/a/w/1.png", "train", ("a", "w")),
        ("VAL/a/1.png", "validation", ("a",)),
        ("test/1.png", "test", ()),
    ]
    assert str(found[0].above(1)) == "Train/a" and str(found[2].above(0)) == "test"
    assert [(problem.source, problem.line) for problem in strangers] == [
        (
            "new",
            'folder "new" (2 images) lies beside the folders that split the data; move it into one '
            "of them (train, val, valid, validation, test), or take it out",
        )
    ]


def test_places_without_parts() -> None:
    found, strangers = find_places(tree("a/w/1.png", "0.png"), PurePosixPath())
    assert [(place.part, place.folders) for place in found] == [(None, ("a", "w")), (None, ())]
    assert strangers == [] and str(found[0].above(1)) == "a"


def test_counts_as_words() -> None:
    assert counted(1) == "1 image" and counted(2) == "2 images"
