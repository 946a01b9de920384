from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.series.held_file import HeldError, held


def test_a_second_holder_is_refused_until_the_first_lets_go(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with held(path):
        with pytest.raises(HeldError) as refused, held(path):
            pass
        assert refused.value.process == str(os.getpid())
    with held(path):
        pass


def test_a_process_that_inherits_it_holds_it_until_it_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with held(path) as handle:
        command = [sys.executable, "-I", "-S", "-c", "input()"]
        child = subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=[handle])
    with pytest.raises(HeldError), held(path):
        pass
    child.kill()
    child.communicate()
    with held(path):
        pass
