from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from pipelines.datasets.layouts.first_folders import class_folder, class_level


@pytest.mark.parametrize(
    ("files", "level"),
    [
        (["a/1", "b/1"], 0),
        (["a/1", "a/2"], 0),
        (["raw/a/1", "raw/b/1"], 1),
        (["raw/a/1", "raw/2"], 0),
        (["raw/a/1", "other/b/1"], 0),
        (["1"], 0),
        ([], 0),
    ],
)
def test_the_only_folder_is_no_class(files: list[str], level: int) -> None:
    assert class_level([PurePosixPath(file) for file in files]) == level


def test_a_class_is_a_folder_and_no_file() -> None:
    assert class_folder(PurePosixPath("raw/a/p1/1"), 1) == "a"
    assert class_folder(PurePosixPath("raw/1"), 1) == ""
