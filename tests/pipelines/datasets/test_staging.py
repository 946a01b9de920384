from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.datasets.staging import Replaceable, staged
from pipelines.errors import InputError


def fill(folder: Path, text: str) -> None:
    (folder / "dataset.json").write_text(text)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_folder_appears_at_the_end(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "er" / "out"
    with staged(out) as folder:
        fill(folder, "new")
        assert not out.exists() and folder.parent == out.parent
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
    out, old = tmp_path / "out", tmp_path / ".out.old"
    for folder in (out, old):
        folder.mkdir()
        fill(folder, "a dataset")
    with pytest.raises(InputError, match=r"and holds no a\.png, so it is not replaced; give"):
        staged(out, True, drawings).__enter__()
    assert (old / "dataset.json").is_file()  # no leaving of this kind of run
    for folder in (out, old):
        (folder / "a.png").touch()
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
    stale = tmp_path / ".out.partial"
    (stale / "images").mkdir(parents=True)
    (stale / "images" / "half.png").touch()
    (stale / "dataset.json").touch()
    with staged(tmp_path / "out") as folder:
        assert names(folder) == []
        fill(folder, "new")
    assert names(tmp_path) == ["out"]


def test_a_run_killed_between_the_two_moves_loses_nothing(tmp_path: Path) -> None:
    old = tmp_path / ".out.old"
    old.mkdir()
    fill(old, "old")
    with pytest.raises(InputError, match="holds a dataset already"):
        staged(tmp_path / "out").__enter__()
    assert (tmp_path / "out" / "dataset.json").read_text() == "old"
    assert names(tmp_path) == ["out"]


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
