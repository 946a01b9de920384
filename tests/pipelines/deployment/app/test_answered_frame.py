from __future__ import annotations

from pipelines.deployment.app.answered_frame import ReadFrame
from tests.pipelines.deployment.app.made_image import made_image


def test_the_last_frame_ends_its_image() -> None:
    clip = made_image(frames=3)
    assert [ReadFrame(clip, frame, None).ends_image for frame in (1, 2, 3)] == [False, False, True]
