from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np

from pipelines.deployment.app.frames import read_frames
from tests.pipelines.datasets.made_dicom import ramp, write_dicom
from tests.pipelines.deployment.app.made_image import made_image


def test_frames_come_in_order_and_the_last_of_a_study_says_so(tmp_path: Path) -> None:
    clip = np.arange(2 * 4 * 5, dtype=np.uint8).reshape(2, 4, 5)
    images = [
        made_image(path=write_dicom(tmp_path / "a.dcm", clip), frames=2),
        made_image(path=write_dicom(tmp_path / "b.dcm", ramp())),
        made_image(path=write_dicom(tmp_path / "c.dcm", ramp()), study="1.3"),
    ]
    frames = list(read_frames(images))
    assert [(each.image.path.name, each.frame) for each in frames] == [
        ("a.dcm", 1),
        ("a.dcm", 2),
        ("b.dcm", 1),
        ("c.dcm", 1),
    ]
    assert [each.ends_study for each in frames] == [False, False, True, True]
    np.testing.assert_array_equal(np.asarray(frames[1].picture), clip[1])


def test_a_frame_that_cannot_be_read_says_why_and_the_others_follow(tmp_path: Path) -> None:
    good = write_dicom(tmp_path / "b.dcm", ramp())
    images = [made_image(path=tmp_path / "gone.dcm", name="gone.dcm"), made_image(path=good)]
    first, second = read_frames(images)
    assert first.picture is None and 'file "gone.dcm" does not exist' in str(first.problem)
    assert second.picture is not None and second.problem is None


def test_a_clip_of_500_frames_takes_the_room_of_a_few(tmp_path: Path) -> None:
    clip = np.zeros((500, 96, 128), dtype=np.uint8)
    path = write_dicom(tmp_path / "a.dcm", clip)
    image = made_image(path=path, frames=500)
    size, count = clip.nbytes, 0
    del clip
    tracemalloc.start()
    for frame in read_frames([image]):
        assert frame.picture is not None
        count += 1
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 500 and most < size / 10
