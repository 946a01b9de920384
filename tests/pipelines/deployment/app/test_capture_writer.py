from __future__ import annotations

from collections.abc import Callable

import numpy as np
from pydicom import dcmread
from pydicom.pixels import pixel_array
from pydicom.uid import JPEGLSLossless

from pipelines.datasets.sources.dicom_frame import DicomFrame
from tests.pipelines.deployment.app.conftest import Answered


def test_a_capture_shows_the_picture_with_words_below_it(
    answered: Callable[[str], Answered],
) -> None:
    done = answered("breast_us_classification")
    path = done.folder / done.image("us_rgb.dcm")["results"]["capture"]
    picture = DicomFrame(done.study / "us_rgb.dcm").read("us_rgb.dcm").pixels
    height, width = picture.shape[:2]
    shown = pixel_array(path)
    np.testing.assert_array_equal(shown[:height], picture)
    assert shown.shape[0] > height and shown.shape[1] == width and shown[height:].max() == 255
    result = dcmread(path)
    assert result.BurnedInAnnotation == "YES" and "research use only" in result.SeriesDescription
    assert (
        result.SourceImageSequence[0].ReferencedSOPInstanceUID
        == (done.image("us_rgb.dcm")["sop_instance_uid"])
    )


def test_a_clip_is_one_object_with_every_frame(answered: Callable[[str], Answered]) -> None:
    done = answered("breast_us_classification")
    path = done.folder / done.image("us_clip.dcm")["results"]["capture"]
    result = dcmread(path)
    assert result.file_meta.TransferSyntaxUID == JPEGLSLossless
    assert result.NumberOfFrames == 6 and list(result.PageNumberVector) == [1, 2, 3, 4, 5, 6]
    for frame in (0, 5):
        picture = DicomFrame(done.study / "us_clip.dcm", frame).read("clip").pixels
        shown = pixel_array(path, index=frame)[: picture.shape[0]]
        np.testing.assert_array_equal(shown, np.stack([picture] * 3, axis=-1))
