from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import numpy as np

from pipelines.datasets.layouts.array_entries import Entry, find_entries, is_array

ROW = np.zeros((1, 8, 8), dtype=np.uint8)


def found(root: Path, files: Sequence[str]) -> dict[str, Entry]:
    entries, problems = find_entries(root, [PurePosixPath(file) for file in files])
    assert problems == []
    return {entry.name: entry for entry in entries}


def test_files_and_members_have_names(tmp_path: Path) -> None:
    (tmp_path / "all").mkdir()
    np.save(tmp_path / "all" / "Input.npy", ROW)
    np.savez(tmp_path / "all" / "benign.npz", images=ROW, masks=ROW)
    np.savez(tmp_path / "all" / "malignant.npz", ROW)
    entries = found(tmp_path, ["all/Input.npy", "all/benign.npz", "all/malignant.npz"])
    assert {name: (e.naming.kind, e.naming.rest) for name, e in entries.items()} == {
        "all/Input.npy": ("images", ()),
        "all/benign.npz/images.npy": ("images", ("benign",)),
        "all/benign.npz/masks.npy": ("masks", ("benign",)),
        "all/malignant.npz/arr_0.npy": (None, ("malignant",)),
    }
    assert all(entry.open().shape == (1, 8, 8) for entry in entries.values())


def test_the_name_of_a_single_archive_is_the_datas_own(tmp_path: Path) -> None:
    np.savez(tmp_path / "breast.npz", train_images=ROW, train_labels=[1])
    (images, labels) = found(tmp_path, ["breast.npz"]).values()
    assert (images.naming.kind, images.naming.part, images.naming.rest) == ("images", "train", ())
    assert (labels.naming.kind, labels.naming.part, labels.naming.rest) == ("answers", "train", ())


def test_what_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.npy")
    (tmp_path / "bad.npz").write_bytes(b"no archive")
    files = [PurePosixPath(name) for name in ("pipe.npy", "bad.npz", "gone.npy")]
    entries, problems = find_entries(tmp_path, files)
    assert entries == []
    assert [problem.source for problem in problems] == ["pipe.npy", "bad.npz", "gone.npy"]
    assert problems[0].line == "pipe.npy is no file that can be read; take it out"
    assert "bad.npz is truncated or damaged" in problems[1].line


def test_nothing_gives_nothing(tmp_path: Path) -> None:
    assert find_entries(tmp_path, []) == ([], [])
    assert is_array(PurePosixPath("a/B.NPZ")) and not is_array(PurePosixPath("a.npy/b.png"))
