from __future__ import annotations

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import UltrasoundMultiFrameImageStorage

from pipelines.bundles import bundle_root
from pipelines.deployment.app.answered_frame import AnsweredFrame, ReadFrame
from pipelines.deployment.app.intended_use import intended_use
from pipelines.deployment.app.lesions import measure
from pipelines.deployment.app.report_groups import ReportGroups
from pipelines.deployment.array_answerer import Answer, read_configuration
from tests.pipelines.deployment.app.made_image import made_image


def test_a_frame_without_a_finding_says_that_nothing_was_found() -> None:
    (group,) = _groups(np.zeros((8, 9), dtype=np.uint8))
    (measurement,) = group.get_measurements()  # type: ignore[attr-defined]
    assert (measurement.name.meaning, measurement.value) == ("Regions found", 0)


def test_each_region_has_a_group_that_points_at_its_frame() -> None:
    mask = np.zeros((8, 9), dtype=np.uint8)
    mask[1:3, 1:3] = mask[5:8, 4:9] = 1
    whole, first, second = _groups(mask)
    assert whole.get_measurements()[0].value == 2  # type: ignore[attr-defined]
    areas = [each.get_measurements()[0].value for each in (first, second)]  # type: ignore[attr-defined]
    assert areas == [15.0, 4.0]
    assert first.tracking_identifier == "instance 4, frame 3, region 1"  # type: ignore[attr-defined]
    assert first.finding_type.value == "4147007"  # type: ignore[attr-defined]
    (image,) = first.roi.ContentSequence  # type: ignore[attr-defined]
    assert image.ReferencedSOPSequence[0].ReferencedFrameNumber == 3


def _groups(mask: np.ndarray) -> list[object]:
    root = bundle_root("breast_us_segmentation")
    use = intended_use(read_configuration(root, "configs/metadata.json"), "metadata.json")
    source = Dataset()
    source.SOPClassUID, source.SOPInstanceUID = UltrasoundMultiFrameImageStorage, "1.2.3"
    source.InstanceNumber = 4
    read = ReadFrame(made_image(frames=5), 3, np.zeros(mask.shape, dtype=np.uint8))
    frame = AnsweredFrame(read, Answer(np.zeros(1, np.float32), mask=mask), *measure(mask, None))
    return list(ReportGroups(["background", "tumour"], use).of(frame, source))
