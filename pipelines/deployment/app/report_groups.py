"""The groups of a structured report (TID 1500): what a model says of an image, coded."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from highdicom import sr
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code as DicomCode
from pydicom.uid import (
    UID,
    UltrasoundImageStorage,
    UltrasoundMultiFrameImageStorage,
    generate_uid,
)

from pipelines.deployment.app.anatomy import laterality
from pipelines.deployment.app.answered_frame import AnsweredFrame
from pipelines.deployment.app.class_threshold import ClassThreshold
from pipelines.deployment.app.code import private_code
from pipelines.deployment.app.intended_use import IntendedUse
from pipelines.deployment.app.lesions import Lesion
from pipelines.deployment.array_answerer import Answer

PIXELS = DicomCode("{pixels}", "UCUM", "pixels")
"""The unit of areas and of lengths where no spacing is known."""

Group = sr.MeasurementsAndQualitativeEvaluations | sr.PlanarROIMeasurementsAndQualitativeEvaluations

Place = tuple[UID, str, list[int] | None]
"""The kind of the source, its UID, and the numbers of its frames."""

NOT_ANSWERED = "not decoded or answered"
"""The note on a frame without an answer."""

_SIDES = {  # CID 244
    "L": codes.SCT.Left,
    "R": codes.SCT.Right,
    "B": DicomCode("51440002", "SCT", "Right and left"),
    "U": codes.SCT.Unilateral,
}
_POSITIVE, _NEGATIVE = codes.SCT.Positive, codes.SCT.Negative
_CLASS = private_code("Most probable class").dicom
_NOTE = private_code("Note on image").dicom
_REGIONS = private_code("Regions found").dicom


class ReportGroups:
    """Makes the groups of a model's answers.

    Args:
        labels: its classes; of a segmentation with the background.
        use: what the model says of itself.
        point: its operating point, where it has one of a class.
    """

    def __init__(
        self, labels: Sequence[str], use: IntendedUse, point: ClassThreshold | None = None
    ) -> None:
        self.labels = list(labels)
        self.use = use
        self.point = point

    def of(self, frame: AnsweredFrame, source: Dataset) -> list[Group]:
        """Gives the groups of a frame: one of the whole, then one of each region measured.

        Args:
            frame: one without an answer has a group that says so.
            source: the header of its file.
        """
        where = _place(frame, source)
        named = f"instance {source.get('InstanceNumber') or 1}, frame {frame.read.frame}"
        side = laterality(source, frame.read.frame - 1)
        if frame.answer is None:
            groups = [self._unanswered(frame, where, named)]
        elif frame.answer.mask is None:
            groups = [self._classified(frame, where, named, side)]
        else:
            groups = [self._counted(frame, where, named, side)]
            for number, lesion in enumerate(frame.lesions, 1):
                groups.append(self._measured(lesion, where, f"{named}, region {number}", side))
        return groups

    def algorithm(self) -> sr.AlgorithmIdentification:
        """Names the model, its version and what it may be used for."""
        return sr.AlgorithmIdentification(
            name=self.use.name,
            version=self.use.version,
            parameters=[f"Intended use: {self.use.statement}"],
        )

    def _sites(self, side: str) -> list[sr.FindingSite] | None:
        if self.use.anatomy is None:
            return None
        return [sr.FindingSite(self.use.anatomy.dicom, laterality=_SIDES.get(side))]

    def _unanswered(self, frame: AnsweredFrame, where: Place, named: str) -> Group:
        """That there is no answer, and nothing else."""
        return sr.MeasurementsAndQualitativeEvaluations(
            tracking_identifier=_tracking(named),
            algorithm_id=self.algorithm(),
            source_images=[sr.SourceImageForMeasurementGroup(*where)],
            qualitative_evaluations=[
                sr.QualitativeEvaluation(_NOTE, private_code(NOT_ANSWERED).dicom),
                *_marks(frame),
            ],
        )

    def _classified(self, frame: AnsweredFrame, where: Place, named: str, side: str) -> Group:
        """The class and the probability of each."""
        assert frame.answer is not None and frame.answer.label is not None
        label = self.labels[frame.answer.label]
        return sr.MeasurementsAndQualitativeEvaluations(
            tracking_identifier=_tracking(named),
            algorithm_id=self.algorithm(),
            finding_sites=self._sites(side),
            source_images=[sr.SourceImageForMeasurementGroup(*where)],
            qualitative_evaluations=[
                sr.QualitativeEvaluation(_CLASS, self.use.concept(label).dicom),
                *self._pointed(frame.answer),
                *_marks(frame),
            ],
            measurements=[
                sr.Measurement(
                    private_code(f"Probability of {name}").dicom,
                    round(float(probability), 6),
                    codes.UCUM.NoUnits,
                )
                for name, probability in zip(self.labels, frame.answer.probabilities, strict=True)
            ],
        )

    def _pointed(self, answer: Answer) -> list[sr.QualitativeEvaluation]:
        """Whether the class of the operating point is called found."""
        if self.point is None:
            return []
        name = private_code(f"{self.point.label} at the threshold {self.point.threshold:.4g}")
        found = _POSITIVE if self.point.is_reached(answer.probabilities) else _NEGATIVE
        return [sr.QualitativeEvaluation(name.dicom, found)]

    def _counted(self, frame: AnsweredFrame, where: Place, named: str, side: str) -> Group:
        """How many regions were found, also where there are none."""
        return sr.MeasurementsAndQualitativeEvaluations(
            tracking_identifier=_tracking(named),
            algorithm_id=self.algorithm(),
            finding_sites=self._sites(side),
            source_images=[sr.SourceImageForMeasurementGroup(*where)],
            qualitative_evaluations=_marks(frame),
            measurements=[
                sr.Measurement(_REGIONS, len(frame.lesions) + frame.left_out, codes.UCUM.NoUnits)
            ],
        )

    def _measured(self, lesion: Lesion, where: Place, named: str, side: str) -> Group:
        """The outline and the size of a region."""
        length = codes.UCUM.Millimeter if lesion.in_mm else PIXELS
        area = codes.UCUM.SquareMillimeter if lesion.in_mm else PIXELS
        sizes = (
            (codes.SCT.Area, lesion.area, area),
            (codes.SCT.LongAxis, lesion.long_axis, length),
            (codes.SCT.ShortAxis, lesion.short_axis, length),
        )
        return sr.PlanarROIMeasurementsAndQualitativeEvaluations(
            tracking_identifier=_tracking(named),
            referenced_region=sr.ImageRegion(
                graphic_type=sr.GraphicTypeValues.POLYLINE,
                graphic_data=np.asarray(lesion.outline, dtype=np.float32),
                source_image=sr.SourceImageForRegion(*where),
            ),
            finding_type=self.use.concept(self.labels[lesion.label]).dicom,
            algorithm_id=self.algorithm(),
            finding_sites=self._sites(side),
            measurements=[
                sr.Measurement(name, round(value, 4), unit) for name, value, unit in sizes
            ],
        )


def _place(frame: AnsweredFrame, source: Dataset) -> Place:
    """Says where a group is; the kind of object is a stand-in, see ``refer_to``."""
    if frame.read.image.is_clip:
        return UltrasoundMultiFrameImageStorage, str(source.SOPInstanceUID), [frame.read.frame]
    return UltrasoundImageStorage, str(source.SOPInstanceUID), None


def _marks(frame: AnsweredFrame) -> list[sr.QualitativeEvaluation]:
    """What a reader should know of the image."""
    return [sr.QualitativeEvaluation(_NOTE, private_code(mark).dicom) for mark in frame.marks]


def _tracking(named: str) -> sr.TrackingIdentifier:
    return sr.TrackingIdentifier(uid=str(generate_uid()), identifier=named)
