from __future__ import annotations

from types import SimpleNamespace

import pytest

pytest.importorskip("holoscan", reason="needs the environment of make deploy-install")

from monai.deploy.core import Application

from pipelines.deployment.app.write_operator import WriteOperator
from tests.pipelines.deployment.app.made_job import MadeJob


def test_its_writer_takes_the_frame() -> None:
    job = MadeJob(frames=1)
    (frame,) = job.frames()
    source = SimpleNamespace(receive=lambda name: job.answer(frame))
    WriteOperator(Application(["a"]), job, job.writers[1]).compute(source, None, None)
    assert [writer.taken for writer in job.writers] == [[], [1]]  # type: ignore[attr-defined]
    assert job.notes.files == [{"b": "file"}]
