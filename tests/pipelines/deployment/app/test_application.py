from __future__ import annotations

import pytest

pytest.importorskip("holoscan", reason="needs the environment of make deploy-install")

from pipelines.deployment.app.application import StudyApplication
from tests.pipelines.deployment.app.made_job import MadeJob


def test_every_writer_takes_every_frame_in_order() -> None:
    job = MadeJob(frames=40)
    StudyApplication(job).run()
    assert [writer.taken for writer in job.writers] == [[*range(1, 41)]] * 2  # type: ignore[attr-defined]
    assert [each for each in job.notes.files if each] == [{"a": "file"}, {"b": "file"}]


def test_a_full_disk_ends_the_application_with_its_own_error() -> None:
    job = MadeJob(frames=2)

    def full(frame: object) -> dict[str, str]:
        raise OSError(28, "No space left on device", "results/a.dcm")

    job.writers[0].take = full  # type: ignore[method-assign]
    with pytest.raises(OSError, match="No space left"):
        StudyApplication(job).run()
