"""Masks as DICOM segmentations: one object for each image that shows something."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from highdicom import AlgorithmIdentificationSequence
from highdicom.seg import Segmentation, SegmentDescription
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from pipelines.deployment.app.answered_frame import AnsweredFrame
from pipelines.deployment.app.packed_masks import PackedMasks
from pipelines.deployment.app.result_series import ResultSeries, copying
from pipelines.deployment.app.source_header import (
    one_frame,
    put_laterality,
    read_source,
    refer_to,
)
from pipelines.deployment.app.study_image import StudyImage

POLICY = (
    "A frame in which a class is not found has no frame of that class in the segmentation; an "
    "image in which nothing is found has no segmentation."
)

_SEGMENTATION = Code("113076", "DCM", "Segmentation")
_TEMPORAL_POSITION, _FRAME_CONTENT = 0x00209128, 0x00209111
_SEGMENT_NUMBER, _SEGMENT_IDENTIFICATION = 0x0062000B, 0x0062000A


@dataclass
class _Frames:
    """The frames of the image at hand: which segment, which source frame, and the pixels."""

    of: list[tuple[int, int]] = field(default_factory=list)
    masks: PackedMasks = field(default_factory=PackedMasks)
    size: tuple[int, int] = (0, 0)


class SegmentationWriter:
    """Writes a segmentation for each image, when its last frame has come.

    A segment for each class but the background. Frames refer to the frames of their source, so that
    readers put them in place; a clip of any length gives one object.

    Args:
        labels: the classes of the masks, the background first.
        series: of the results.
    """

    kind = "segmentation"

    def __init__(self, labels: list[str], series: ResultSeries) -> None:
        self.labels = labels
        self.series = series
        self._frames = _Frames()

    def take(self, frame: AnsweredFrame) -> dict[str, str]:
        """Takes a frame.

        Returns:
            After an image's last frame: its file, if one was written.

        Raises:
            PictureError: the image's header cannot be copied to a result.
            OSError: the result cannot be written.
        """
        if frame.answer is not None and frame.answer.mask is not None:
            mask = frame.answer.mask
            self._frames.size = mask.shape[0], mask.shape[1]
            for segment in np.unique(mask[mask > 0]).tolist():
                self._frames.of.append((segment, frame.read.frame))
                self._frames.masks.append(mask == segment)
        if not frame.read.ends_image:
            return {}
        done, self._frames = self._frames, _Frames()
        return {self.kind: self._write(frame.read.image, done)} if done.of else {}

    def end(self, frame: AnsweredFrame) -> dict[str, str]:
        """Has nothing left: what is written, is written when it is taken."""
        return {}

    def _write(self, image: StudyImage, frames: _Frames) -> str:
        name = f'file "{image.name}"'
        source = read_source(image.path, name)
        with copying(name):
            result = self._first(source, image, frames)
            _fill(result, source, image, frames)
        return self.series.save(result)

    def _first(self, source: Dataset, image: StudyImage, frames: _Frames) -> Segmentation:
        """Makes the segmentation as for one frame; its frames follow."""
        stand_in = one_frame(source)
        stand_in.Rows, stand_in.Columns = frames.size
        return Segmentation(
            source_images=[stand_in],
            pixel_array=np.ones((1, *frames.size), dtype=np.uint8),
            segmentation_type="BINARY",
            segment_descriptions=[self._described(number) for number in range(1, len(self.labels))],
            content_description=self.series.description,
            content_label="MED2D_SEG",
            **self.series.place(image.study),
            **self.series.maker,
        )

    def _described(self, number: int) -> SegmentDescription:
        use, label = self.series.use, self.labels[number]
        return SegmentDescription(
            segment_number=number,
            segment_label=label,
            segmented_property_category=use.category(label).dicom,
            segmented_property_type=use.concept(label).dicom,
            algorithm_type="AUTOMATIC",
            algorithm_identification=AlgorithmIdentificationSequence(
                name=use.name[:64],
                family=codes.DCM.ArtificialIntelligence,
                version=use.version[:64],
                parameters={"intended use": use.statement},
            ),
            anatomic_regions=[use.anatomy.dicom] if use.anatomy else None,
        )


def _fill(result: Dataset, source: Dataset, image: StudyImage, frames: _Frames) -> None:
    """Gives a segmentation its frames."""
    result.NumberOfFrames = frames.masks.count
    result.PixelData = frames.masks.content()
    result["PixelData"].VR = "OB"
    result.SharedFunctionalGroupsSequence = Sequence([Dataset()])
    result.DimensionIndexSequence = _dimensions(result.DimensionIndexSequence[0])
    result.PerFrameFunctionalGroupsSequence = Sequence(
        [_frame_groups(segment, frame, source, image) for segment, frame in frames.of]
    )
    refer_to([source], result)
    result.PatientOrientation = source.get("PatientOrientation") or ""
    put_laterality(source, result)


def _dimensions(first: Dataset) -> Sequence:
    """Says what tells frames apart: the segment, then the frame of the source."""
    found = []
    for pointer, group, words in (
        (_SEGMENT_NUMBER, _SEGMENT_IDENTIFICATION, "Segment Number"),
        (_TEMPORAL_POSITION, _FRAME_CONTENT, "Source Frame"),
    ):
        item = Dataset()
        item.DimensionOrganizationUID = first.DimensionOrganizationUID
        item.DimensionIndexPointer, item.FunctionalGroupPointer = pointer, group
        item.DimensionDescriptionLabel = words
        found.append(item)
    return Sequence(found)


def _frame_groups(segment: int, frame: int, source: Dataset, image: StudyImage) -> Dataset:
    """Says of which segment and which frame of the source a frame is."""
    content, identification, derivation, reference, groups = (Dataset() for _ in range(5))
    content.DimensionIndexValues = [segment, frame]
    content.TemporalPositionIndex = frame
    identification.ReferencedSegmentNumber = segment
    reference.ReferencedSOPClassUID = source.SOPClassUID
    reference.ReferencedSOPInstanceUID = source.SOPInstanceUID
    if image.is_clip:
        reference.ReferencedFrameNumber = frame
    reference.PurposeOfReferenceCodeSequence = Sequence(
        [_item(codes.DCM.SourceImageForImageProcessingOperation)]
    )
    reference.SpatialLocationsPreserved = "YES"
    derivation.SourceImageSequence = Sequence([reference])
    derivation.DerivationCodeSequence = Sequence([_item(_SEGMENTATION)])
    groups.FrameContentSequence = Sequence([content])
    groups.SegmentIdentificationSequence = Sequence([identification])
    groups.DerivationImageSequence = Sequence([derivation])
    return groups


def _item(code: Code) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator = code.value, code.scheme_designator
    item.CodeMeaning = code.meaning
    return item
