from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.crossval.folder_lock import alone_in
from pipelines.errors import InputError


def test_a_second_one_is_refused_until_the_first_has_ended(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    with alone_in(folder):
        message = f"process {os.getpid()}, or trainings"
        with pytest.raises(InputError, match=message), alone_in(folder):
            pass
    with alone_in(folder):
        pass


def test_a_training_that_outlives_its_parent_holds_the_folder(tmp_path: Path) -> None:
    with alone_in(tmp_path) as lock:
        command = [sys.executable, "-I", "-S", "-c", "input()"]
        child = subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=[lock])
    with pytest.raises(InputError, match="is running in"), alone_in(tmp_path):
        pass
    child.communicate(b"\n")
    with alone_in(tmp_path):
        pass


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be written"), alone_in(tmp_path / "file" / "x"):
        pass
