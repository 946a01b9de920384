from __future__ import annotations

import gc
import os
import pickle
from pathlib import Path

import pytest

from pipelines.datasets.sources.scratch import Scratch
from pipelines.errors import InputError


def test_it_goes_with_its_last_user_and_not_with_a_copy_for_a_worker() -> None:
    scratch = Scratch("a.npz", 10)
    path = scratch.path
    path.write_bytes(b"rows")
    copy = pickle.loads(pickle.dumps(scratch))
    assert copy.path == path
    del copy
    gc.collect()
    assert path.is_file()
    del scratch
    gc.collect()
    assert not path.exists()


def test_a_forked_child_leaves_it() -> None:
    scratch = Scratch("a.npz", 10)
    path = scratch.path
    child = os.fork()
    if child == 0:
        del scratch
        gc.collect()
        os._exit(0 if path.exists() else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert path.is_file()


def test_too_little_room_and_no_place_are_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match=r"^a\.npz/x needs \d+ bytes .* Set TMPDIR to a folder"):
        Scratch("a.npz/x", 2**62)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "none"))
    with pytest.raises(InputError, match=r"no temporary file can be made for a\.npz/x .*TMPDIR"):
        Scratch("a.npz/x", 10)
