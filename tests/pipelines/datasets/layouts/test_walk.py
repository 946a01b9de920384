from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

import pytest

from pipelines.datasets.layouts.walk import exists, shown, walk
from pipelines.errors import InputError


def lay(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def test_files_come_in_natural_order_without_litter(tmp_path: Path) -> None:
    lay(tmp_path, "b/x (10).PNG", "b/x (2).png", "a/ü.txt", "t.csv", ".hid/x.png", "b/Thumbs.db")
    (tmp_path / "empty").mkdir()
    found = walk(tmp_path, "csv-labels")
    assert list(map(str, found.files)) == ["t.csv", "a/ü.txt", "b/x (2).png", "b/x (10).PNG"]
    assert list(map(str, found.folders)) == ["a", "b", "empty"]
    assert list(map(str, found.pictures)) == ["b/x (2).png", "b/x (10).PNG"]
    assert found.problems == [] and found.warnings == []


def test_links_are_read_inside_refused_outside_and_never_in_circles(tmp_path: Path) -> None:
    raw = lay(tmp_path / "raw", "a/x.png")
    lay(tmp_path / "other", "y.png")
    (raw / "a" / "again").symlink_to(raw)
    (raw / "a" / "own.png").symlink_to("x.png")
    (raw / "a" / "self.png").symlink_to("self.png")
    (raw / "far").symlink_to(tmp_path / "other")
    (raw / "far.png").symlink_to("../other/y.png")
    (raw / "gone.png").symlink_to("nothing.png")
    found = walk(raw, "class-folders")
    assert list(map(str, found.files)) == ["a/own.png", "a/x.png"]
    assert found.warnings == ['"a/again" is a link to a folder; it was not followed']
    assert {problem.source: problem.line.split(" is a link ")[1] for problem in found.problems} == {
        "far": "that leads out of the raw folder; put a copy in its place, or take it out",
        "far.png": "that leads out of the raw folder; put a copy in its place, or take it out",
        "gone.png": "that leads nowhere; mend it, or take it out",
        "a/self.png": "that leads nowhere; mend it, or take it out",
    }


def test_the_raw_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    lay(tmp_path / "real", "a.png")
    (tmp_path / "raw").symlink_to(tmp_path / "real")
    (tmp_path / "real" / "b.png").symlink_to("a.png")
    assert list(map(str, walk(tmp_path / "raw", "csv-labels").files)) == ["a.png", "b.png"]


def test_a_folder_that_cannot_be_read_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay(tmp_path, "a/x.png", "shut/y.png")
    listed = os.scandir

    def scandir(path: Path) -> object:
        if Path(path).name == "shut":
            raise PermissionError(13, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr(os, "scandir", scandir)
    found = walk(tmp_path, "csv-labels")
    assert list(map(str, found.files)) == ["a/x.png"]
    assert [problem.line for problem in found.problems] == [
        'folder "shut" cannot be read: Permission denied. Allow it, or take it out'
    ]
    with pytest.raises(InputError, match="shut cannot be read: Permission denied"):
        walk(tmp_path / "shut", "csv-labels")


def test_a_pit_of_folders_ends(tmp_path: Path) -> None:
    lay(tmp_path, "/".join(["d"] * 70) + "/x.png")
    found = walk(tmp_path, "csv-labels")
    assert found.files == [] and len(found.problems) == 1
    assert "lies more than 64 folders deep" in found.problems[0].line


def test_a_missing_or_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"the raw folder .*none does not exist"):
        walk(tmp_path / "none", "csv-labels")
    lay(tmp_path, ".DS_Store")
    with pytest.raises(InputError, match=r"is empty; expected RAW/<table>\.csv"):
        walk(tmp_path, "csv-labels")
    with pytest.raises(InputError, match="is a file; expected a folder: RAW/"):
        walk(tmp_path / ".DS_Store", "csv-labels")


def test_names_that_are_no_text() -> None:
    assert shown(PurePosixPath(os.fsdecode(b"l\xe9sion.png"))) == "l\ufffdsion.png"
    assert not exists(Path("a\0b")) and not exists(Path("x" * 300)) and exists(Path())


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "x.png").touch()
    os.mkfifo(tmp_path / "y.png")
    found = walk(tmp_path, "class-folders")
    assert list(map(str, found.files)) == ["x.png"]
    assert [problem.source for problem in found.problems] == ["y.png"]
