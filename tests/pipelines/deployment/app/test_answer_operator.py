from __future__ import annotations

from types import SimpleNamespace

import pytest

pytest.importorskip("holoscan", reason="needs the environment of make deploy-install")

from monai.deploy.core import Application

from pipelines.deployment.app.answer_operator import ANSWERED, AnswerOperator
from tests.pipelines.deployment.app.made_job import MadeJob


def test_a_frame_goes_out_with_its_answer() -> None:
    job, emitted = MadeJob(frames=1), []
    (frame,) = job.frames()
    source = SimpleNamespace(receive=lambda name: frame)
    target = SimpleNamespace(emit=lambda answered, name: emitted.append((answered.read, name)))
    AnswerOperator(Application(["a"]), job, name="answer").compute(source, target, None)
    assert emitted == [(frame, ANSWERED)]
