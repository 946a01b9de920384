"""A process that is gone is known from one that is there, and from one that cannot be seen."""

import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from pipelines.training import run_owner
from pipelines.training.run_owner import PLACE, PROCESS, end_those_left, is_gone, owner_tags

pytestmark = pytest.mark.skipif(not owner_tags(), reason="there is no /proc")


def test_a_process_is_there_until_it_ends() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        tags = {**owner_tags(), PROCESS: str(run_owner._process(str(process.pid)))}
        assert tags[PROCESS].startswith(f"{process.pid} ")
        assert not is_gone(tags)
        process.kill()
        process.wait()
        assert is_gone(tags)


def test_another_process_of_the_same_number_is_another() -> None:
    tags = owner_tags()
    assert not is_gone(tags)
    number, _, began = tags[PROCESS].partition(" ")
    assert is_gone({**tags, PROCESS: f"{number} {int(began) - 1}"})


def test_nothing_is_said_of_what_cannot_be_seen() -> None:
    gone = {PLACE: "elsewhere", PROCESS: "999999999 1"}
    assert not is_gone(gone)
    assert not is_gone({})
    assert is_gone({**owner_tags(), PROCESS: "999999999 1"})


def test_those_left_are_killed_and_no_others() -> None:
    ended: list[tuple[str, str]] = []

    def run(name: str, **tags: str) -> Any:
        return SimpleNamespace(
            info=SimpleNamespace(run_id=name),
            data=SimpleNamespace(tags={**owner_tags(), **tags}),
        )

    client = SimpleNamespace(
        search_runs=lambda experiments, query: [
            run("mine"),
            run("left", **{PROCESS: "999999999 1"}),
        ],
        set_terminated=lambda run_id, status: ended.append((run_id, status)),
    )
    assert end_those_left(client, "1") == ["left"]
    assert ended == [("left", "KILLED")]
