"""What a step frees is used by the next, without a page from the system."""

import subprocess
import sys

import pytest

from pipelines.training import kept_memory

PROGRAM = """
import resource
import torch
from pipelines.training.kept_memory import keep_freed_memory
def step():
    blocks = [torch.empty(16, 2**20).fill_(1) for _ in range(4)]  # 64 MiB each
    del blocks
def faults():
    for _ in range(8):
        step()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    step()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
default = faults()
assert keep_freed_memory()
print(default, faults())
"""
"""Counts the pages that a step takes, by default and then with freed memory kept."""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="of glibc")
def test_a_later_step_takes_no_new_pages() -> None:
    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    default, kept = map(int, done.stdout.split())
    assert default > 1000
    assert kept < 100


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_another_system_is_not_asked(platform: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: object) -> None:
        raise TypeError("LoadLibrary() argument 1 must be str, not None")

    monkeypatch.setattr(kept_memory.sys, "platform", platform)
    monkeypatch.setattr(kept_memory.ctypes, "CDLL", refuse)
    assert not kept_memory.keep_freed_memory()


def test_another_c_library_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_memory.ctypes, "CDLL", lambda name: object())
    assert not kept_memory.keep_freed_memory()


def test_a_refusal_is_said(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Library:
        gnu_get_libc_version = None

        def mallopt(self, name: int, value: int) -> int:
            return 0

    monkeypatch.setattr(kept_memory.ctypes, "CDLL", lambda name: Library())
    assert not kept_memory.keep_freed_memory()
    assert "gives freed memory back" in caplog.text
