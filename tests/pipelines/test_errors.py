from __future__ import annotations

import errno

import pytest

from pipelines.errors import first_line, no_room


@pytest.mark.parametrize(
    ("number", "what"), [(errno.ENOSPC, "written"), (errno.EACCES, "read or written")]
)
def test_a_full_disk_and_a_closed_door_are_told_by_their_place(number: int, what: str) -> None:
    told = no_room(OSError(number, "why", "out/model.pt"))
    assert str(told).startswith(f"out/model.pt cannot be {what} (why); ")


@pytest.mark.parametrize("error", [FileNotFoundError(errno.ENOENT, "x"), ValueError("full")])
def test_other_errors_are_no_full_disk(error: Exception) -> None:
    assert no_room(error) is None


def test_the_first_line_of_a_message_or_the_kind() -> None:
    assert first_line(ValueError("a\nb")) == "a" and first_line(KeyError()) == "KeyError"
