from __future__ import annotations

from tests.pipelines.deployment.app.made_image import made_image


def test_a_clip_has_several_frames() -> None:
    assert made_image(frames=2).is_clip and not made_image().is_clip
