from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from pipelines.series.commands import bundle_command, shown


def test_several_files_are_a_list() -> None:
    command = bundle_command([Path("a.json"), Path("b.json")], {"fold": 0})
    assert command[-4:] == ["--config_file", "['a.json', 'b.json']", "--fold", "0"]


@pytest.mark.parametrize("word", ["{'a': 1}", "my file", "$@x + 'y'", "{\"a\": 'b'}", "--x"])
def test_a_shown_command_is_read_back(word: str) -> None:
    assert shlex.split(shown(["med2d", word])) == ["med2d", word]
