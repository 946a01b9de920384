from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("holoscan", reason="needs the environment of make deploy-install")

from monai.deploy.core import Application

from pipelines.deployment.app.read_operator import FRAME, ReadOperator
from tests.pipelines.deployment.app.made_job import MadeJob


class Port:
    """Keeps what is emitted."""

    def __init__(self) -> None:
        self.frames: list[int] = []

    def emit(self, frame: object, name: str) -> None:
        assert name == FRAME
        self.frames.append(frame.frame)  # type: ignore[attr-defined]


def test_a_frame_is_read_each_time_and_it_stops_after_the_last() -> None:
    operator, port = ReadOperator(Application(["a"]), MadeJob(frames=2), name="read"), Port()
    stopped: list[int] = []
    condition: Any = SimpleNamespace(disable_tick=lambda: stopped.append(len(port.frames)))
    operator.goes_on = condition
    for _ in range(2):
        operator.compute(None, port, None)
    assert port.frames == [1, 2] and stopped == [2]
