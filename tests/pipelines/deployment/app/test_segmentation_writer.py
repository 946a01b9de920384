from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from highdicom.seg import segread
from numpy.typing import NDArray
from pydicom import dcmread

from pipelines.datasets.sources.dicom_frame import DicomFrame
from pipelines.deployment.app.model import load_model
from tests.pipelines.deployment.app.conftest import Answered


def _masks(done: Answered, name: str) -> NDArray[np.uint8]:
    """The masks of all frames, as the model gives them."""
    answerer = load_model(done.package, "cpu").answerer
    frames = range(done.image(name)["frames"])
    pictures = [DicomFrame(done.study / name, frame).read(name).pixels for frame in frames]
    return np.stack([np.asarray(answerer.answer(picture).mask) for picture in pictures])


@pytest.mark.parametrize(
    ("bundle", "name", "segments"),
    [
        ("breast_us_segmentation", "us_grey.dcm", 1),
        ("breast_us_segmentation", "us_ybr_jpeg.dcm", 1),
        ("breast_us_segmentation", "us_clip.dcm", 1),
        ("tissue_segmentation", "photograph.dcm", 3),
    ],
)
def test_highdicom_reads_the_masks_back_in_place(
    answered: Callable[[str], Answered], bundle: str, name: str, segments: int
) -> None:
    done, masks = answered(bundle), _masks(answered(bundle), name)
    image = done.image(name)
    result = segread(done.folder / image["results"]["segmentation"])
    if image["frames"] > 1:
        found = result.get_pixels_by_source_frame(
            image["sop_instance_uid"],
            range(1, image["frames"] + 1),
            assert_missing_frames_are_empty=True,
        )
    else:
        found = result.get_pixels_by_source_instance([image["sop_instance_uid"]])
    expected = np.stack([masks == segment for segment in range(1, segments + 1)], axis=-1)
    assert expected.any() and found.shape == expected.shape
    np.testing.assert_array_equal(found.astype(bool), expected)


def test_segments_are_coded_and_name_the_model(answered: Callable[[str], Answered]) -> None:
    done = answered("breast_us_segmentation")
    result = dcmread(done.folder / done.image("us_clip.dcm")["results"]["segmentation"])
    (segment,) = result.SegmentSequence
    (kind,) = segment.SegmentedPropertyTypeCodeSequence
    assert (kind.CodeValue, kind.CodingSchemeDesignator) == ("4147007", "SCT")
    (site,) = segment.AnatomicRegionSequence
    assert site.CodeMeaning == "Breast"
    (algorithm,) = segment.SegmentationAlgorithmIdentificationSequence
    assert algorithm.AlgorithmVersion == "0.1.0"
    assert "Not a medical device" in algorithm.AlgorithmParameters


def test_references_are_to_the_kind_of_the_source(answered: Callable[[str], Answered]) -> None:
    done = answered("breast_us_segmentation")
    source = dcmread(done.study / "us_clip.dcm", stop_before_pixels=True)
    result = dcmread(done.folder / done.image("us_clip.dcm")["results"]["segmentation"])
    (series,) = result.ReferencedSeriesSequence
    (instance,) = series.ReferencedInstanceSequence
    assert instance.ReferencedSOPClassUID == source.SOPClassUID
    frames = [
        each.DerivationImageSequence[0].SourceImageSequence[0].ReferencedFrameNumber
        for each in result.PerFrameFunctionalGroupsSequence
    ]
    assert frames == sorted(set(frames)) and set(frames) <= set(range(1, 7))
