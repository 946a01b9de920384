"""Atomic files: whole or not at all, nothing left beside them."""

import os
import stat
from pathlib import Path

import pytest

from pipelines.atomic import replacing, write_text


def test_new_file_is_written_and_nothing_else_stays(tmp_path: Path) -> None:
    write_text(tmp_path / "a.json", "höhe\n")
    assert (tmp_path / "a.json").read_bytes() == "höhe\n".encode()
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_failure_keeps_the_old_file_and_leaves_no_temporary_one(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")

    def half_write() -> None:
        with replacing(target) as temporary:
            temporary.write_text("ne")
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError, match="killed"):
        half_write()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_old_file_stands_until_the_block_ends(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    with replacing(target) as temporary:
        temporary.write_text("new")
        assert target.read_text() == "old"
    assert target.read_text() == "new"


def test_temporary_file_keeps_every_suffix_and_the_folder(tmp_path: Path) -> None:
    with replacing(tmp_path / "volume.nii.gz") as temporary:
        assert temporary.parent == tmp_path.resolve()
        assert temporary.name.endswith("volume.nii.gz")
        assert temporary.name != "volume.nii.gz"


def test_permissions_are_those_of_a_plain_file(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("")
    write_text(tmp_path / "atomic", "")
    modes = {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("plain", "atomic")}
    assert len(modes) == 1


def test_a_writer_that_moves_its_own_file_into_place_is_served(tmp_path: Path) -> None:
    with replacing(tmp_path / "a.txt") as temporary:
        (tmp_path / "other").write_text("moved")
        (tmp_path / "other").replace(temporary)
    assert (tmp_path / "a.txt").read_text() == "moved"


@pytest.mark.skipif(os.name == "nt", reason="symbolic links need a privilege on Windows")
def test_a_symbolic_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write_text(tmp_path / "link", "text")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "text"


def test_missing_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"):
        write_text(tmp_path / "nowhere" / "a.txt", "")
