from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.datasets.parallel import WorkersKilledError
from pipelines.datasets.staging import Replaceable, check_beside, staged, work_folder
from pipelines.errors import InputError


def fill(folder: Path, text: str) -> None:
    (folder / "dataset.json").write_text(text)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_folder_appears_at_the_end(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "er" / "out"
    with staged(out) as folder:
        fill(folder, "new")
        assert not out.exists() and folder.parent.parent == out.parent
    assert (out / "dataset.json").read_text() == "new"
    assert names(out.parent) == ["out"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_failure_leaves_nothing_not_even_the_parents(
    tmp_path: Path, error: type[BaseException]
) -> None:
    with pytest.raises(error), staged(tmp_path / "deep" / "er" / "out") as folder:
        fill(folder, "new")
        raise error
    assert names(tmp_path) == []


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with staged(tmp_path / "out") as folder:
        fill(folder, "new")
    assert (tmp_path / "out" / "dataset.json").read_text() == "new"


def test_a_dataset_is_replaced_only_on_request_and_at_the_end(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    fill(out, "old")
    with pytest.raises(InputError, match="holds a dataset already; replace it with --overwrite"):
        staged(out).__enter__()
    with pytest.raises(ZeroDivisionError), staged(out, overwrite=True):
        raise ZeroDivisionError
    assert (out / "dataset.json").read_text() == "old"
    with staged(out, overwrite=True) as folder:
        fill(folder, "new")
    assert (out / "dataset.json").read_text() == "new"
    assert names(tmp_path) == ["out"]


def test_nothing_but_a_dataset_is_ever_replaced(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "thesis.txt").touch()
    with pytest.raises(InputError, match=r"is not empty and holds no dataset\.json"):
        staged(out, overwrite=True).__enter__()
    with pytest.raises(InputError, match="is a file; expected a folder"):
        staged(out / "thesis.txt", overwrite=True).__enter__()
    with pytest.raises(InputError, match="cannot be written: Not a directory"):
        staged(out / "thesis.txt" / "out").__enter__()
    with pytest.raises(InputError, match="cannot be written: Not a directory"):
        staged(out / "thesis.txt" / "deep" / "out").__enter__()
    assert names(out) == ["thesis.txt"]


def test_another_kind_of_folder_is_replaced_by_its_own_rule(tmp_path: Path) -> None:
    drawings = Replaceable(
        "drawings", lambda folder: None if (folder / "a.png").exists() else "holds no a.png"
    )
    out = tmp_path / "out"
    out.mkdir()
    fill(out, "a dataset")
    with pytest.raises(InputError, match=r"and holds no a\.png, so it is not replaced; give"):
        staged(out, True, drawings).__enter__()
    (out / "a.png").touch()
    with pytest.raises(InputError, match="holds drawings already; replace it with --overwrite"):
        staged(out, False, drawings).__enter__()
    with staged(out, True, drawings) as folder:
        (folder / "a.png").write_text("new")
    assert names(tmp_path) == ["out"] and names(out) == ["a.png"]


def test_what_comes_into_the_place_during_the_work_is_kept(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(InputError, match="is not empty"), staged(out, overwrite=True) as folder:
        fill(folder, "new")
        out.mkdir()
        (out / "thesis.txt").touch()
    assert names(tmp_path) == ["out"] and names(out) == ["thesis.txt"]


def test_a_mount_point_is_refused_before_the_work() -> None:
    with pytest.raises(InputError, match="is a mount point, which cannot be moved"):
        staged(Path("/dev")).__enter__()


def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    with (
        pytest.raises(InputError, match="out cannot be written: No space left on device"),
        staged(tmp_path / "out") as folder,
    ):
        fill(folder, "new")
        raise OSError(28, "No space left on device")
    assert names(tmp_path) == []


def test_the_leavings_of_a_killed_run_are_removed(tmp_path: Path) -> None:
    stale = tmp_path / ".out.partial" / "new"
    (stale / "images").mkdir(parents=True)
    (stale / "images" / "half.png").touch()
    (stale / "dataset.json").touch()
    foreign = [".other.partial", ".out.old", ".out.partial"]
    for name in foreign:
        (tmp_path / name).mkdir(exist_ok=True)
        fill(tmp_path / name, "mine")
    with staged(tmp_path / "out") as folder:
        assert names(folder) == []
        fill(folder, "new")
    assert names(tmp_path) == [*foreign, "out"]
    assert all(names(tmp_path / name) == ["dataset.json"] for name in foreign)


def test_a_run_killed_between_the_two_moves_loses_nothing(tmp_path: Path) -> None:
    old = tmp_path / ".out.partial" / "old"
    old.mkdir(parents=True)
    fill(old, "old")
    with pytest.raises(InputError, match="holds a dataset already"):
        staged(tmp_path / "out").__enter__()
    assert (tmp_path / "out" / "dataset.json").read_text() == "old"
    assert names(tmp_path) == ["out"]


KILLED = """
import os, shutil, sys
from pathlib import Path
from pipelines.datasets import staging

def die(path, **_):
    (Path(path) / "dataset.json").unlink()
    os._exit(9)

staging.shutil.rmtree = die
with staging.staged(Path(sys.argv[1]), overwrite=True) as folder:
    (folder / "dataset.json").write_text("new")
"""


def test_a_run_killed_while_it_removes_the_old_folder_is_cleaned_up_after(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    fill(out, "old")
    (out / "half.png").touch()
    command = [sys.executable, "-c", KILLED, str(out)]
    assert subprocess.run(command, check=False).returncode == 9
    assert (out / "dataset.json").read_text() == "new"
    assert names(tmp_path / ".out.partial" / "new") == ["half.png"]
    with staged(out, overwrite=True) as folder:
        fill(folder, "newer")
    assert names(tmp_path) == ["out"] and (out / "dataset.json").read_text() == "newer"


def test_an_old_folder_whose_place_is_taken_is_kept(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    fill(out, "old")
    with pytest.raises(InputError, match="cannot be written"), staged(out, True) as folder:
        folder.rmdir()
        (folder.parent / "old").mkdir()
        fill(folder.parent / "old", "older")
    assert (out / "dataset.json").read_text() == "old"
    assert (tmp_path / ".out.partial" / "old" / "dataset.json").read_text() == "older"


def test_the_target_of_a_link_is_replaced_and_the_link_stays(tmp_path: Path) -> None:
    link, target = tmp_path / "link", tmp_path / "disk" / "out"
    link.symlink_to(target)
    for text in ("old", "new"):
        with staged(link, overwrite=True) as folder:
            fill(folder, text)
        assert link.is_symlink() and (target / "dataset.json").read_text() == text
    assert names(tmp_path) == ["disk", "link"] and names(target.parent) == ["out"]


def test_a_link_that_leads_in_a_circle_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").symlink_to(tmp_path / "out")
    with pytest.raises(InputError, match="out is a link that leads nowhere; expected a folder"):
        staged(tmp_path / "out", overwrite=True).__enter__()


def test_the_working_folder_is_not_moved_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in").mkdir()
    monkeypatch.chdir(tmp_path / "in")
    for place in (Path(), tmp_path):
        with pytest.raises(InputError, match="is the working folder or lies around it"):
            staged(place).__enter__()


def test_a_write_protected_folder_is_refused_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path, "old")
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(InputError, match="is write-protected, so it is not replaced"):
        staged(tmp_path, overwrite=True).__enter__()


def test_a_failing_move_brings_the_old_folder_back(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    fill(out, "old")
    with (
        pytest.raises(InputError, match="No such file or directory; nothing was changed"),
        staged(out, overwrite=True) as folder,
    ):
        folder.rmdir()
    assert names(tmp_path) == ["out"] and (out / "dataset.json").read_text() == "old"


def test_two_runs_at_once_do_not_spoil_each_other(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from pipelines.datasets.staging import staged\n"
        "with staged(Path(sys.argv[1])): pass"
    )
    with staged(tmp_path / "out") as folder:
        fill(folder, "first")
        command = [sys.executable, "-c", code, str(tmp_path / "out")]
        second = subprocess.run(command, capture_output=True, text=True, check=False)
        assert f"another run is writing {tmp_path / 'out'} at this moment" in second.stderr
    assert (tmp_path / "out" / "dataset.json").read_text() == "first"


@pytest.mark.parametrize("error", [KeyboardInterrupt, WorkersKilledError])
def test_stopped_work_is_given_to_the_same_request_only(
    tmp_path: Path, error: type[BaseException]
) -> None:
    out = tmp_path / "deep" / "out"
    for again in (False, True):
        with pytest.raises(error), staged(out, request="a") as folder:
            assert (folder / "half").exists() is again
            assert (work_folder(folder) / "notes").exists() is again
            (folder / "half").touch()
            (work_folder(folder) / "notes").touch()
            raise error
    assert names(out.parent) == [".out.partial"]
    with staged(out, request="a") as folder:
        assert names(folder) == ["half"]
    assert names(out.parent) == ["out"] and names(out) == ["half"]


@pytest.mark.parametrize("request_", ["b", None])
def test_another_request_begins_anew(tmp_path: Path, request_: str | None) -> None:
    with pytest.raises(KeyboardInterrupt), staged(tmp_path / "out", request="a") as folder:
        (folder / "half").touch()
        raise KeyboardInterrupt
    with staged(tmp_path / "out", request=request_) as folder:
        assert names(folder) == []
    assert names(tmp_path) == ["out"]


def test_a_failure_keeps_nothing_of_a_request(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="bad"), staged(tmp_path / "out", request="a"):
        raise InputError("bad")
    assert names(tmp_path) == []


def test_an_output_stands_beside_the_dataset(tmp_path: Path) -> None:
    data = tmp_path / "data"
    check_beside(data, tmp_path / "out")
    for out in (data, data / "in", tmp_path):
        with pytest.raises(InputError, match="lie in one another; give a folder beside it"):
            check_beside(data, out)
