"""What a model says of a study as a DICOM structured report."""

from __future__ import annotations

from dataclasses import dataclass, field

import highdicom
from highdicom import sr
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes

from pipelines.deployment.app.answered_frame import AnsweredFrame
from pipelines.deployment.app.class_threshold import ClassThreshold
from pipelines.deployment.app.report_groups import Group, ReportGroups
from pipelines.deployment.app.result_series import ResultSeries, copying
from pipelines.deployment.app.source_header import one_frame, read_source, refer_to
from pipelines.deployment.app.study import MAKER
from pipelines.deployment.app.study_image import StudyImage

MOST_GROUPS = 2000
"""Groups of a report; those of a study with more go into a further one of the same series."""


@dataclass
class _Content:
    """Of the report at hand."""

    groups: list[Group] = field(default_factory=list)
    sources: list[Dataset] = field(default_factory=list)
    study: str = ""


class ReportWriter:
    """Writes a report (Comprehensive SR, TID 1500) when a study's last frame has come.

    It says of each frame the class with the probabilities, or how many regions were found with
    their sizes: in mm where the spacing is known, else in pixels. Of clips, frames in which nothing
    is found are left out but for the first. Frames without an answer are named.

    Args:
        labels: the classes of the model.
        series: of the results.
        point: the model's operating point, where it has one of a class.
    """

    kind = "report"

    def __init__(
        self, labels: list[str], series: ResultSeries, point: ClassThreshold | None = None
    ) -> None:
        self.series = series
        self.groups = ReportGroups(labels, series.use, point)
        self._content = _Content()
        self._source: tuple[str, Dataset] | None = None
        self._answered = ""  # the image whose first answer was told

    def take(self, frame: AnsweredFrame) -> dict[str, str]:
        """Takes a frame.

        Raises:
            PictureError: an image's header cannot be copied to a result.
        """
        if frame.read.image.study != self._content.study:
            self._content = _Content(study=frame.read.image.study)
        if self._is_told(frame):
            self._add(frame)
        return {}

    def end(self, frame: AnsweredFrame) -> dict[str, str]:
        """Ends a frame that was taken, also where it could not be added to the report.

        Returns:
            The report's file, where one was written: after the study's last frame, or when it is
            full.

        Raises:
            PictureError: the report cannot be made.
            OSError: the report cannot be written.
        """
        full = len(self._content.groups) >= MOST_GROUPS
        if not (full or frame.read.ends_study) or not self._content.groups:
            return {}
        done, self._content = self._content, _Content()
        return {self.kind: self._write(done)}

    def _is_told(self, frame: AnsweredFrame) -> bool:
        """Whether it says more than that again nothing was found."""
        if frame.answer is None:
            return True
        instance = frame.read.image.instance
        is_first, self._answered = instance != self._answered, instance
        return frame.answer.mask is None or bool(frame.lesions) or is_first

    def _add(self, frame: AnsweredFrame) -> None:
        image = frame.read.image
        source = self._header(image)
        with copying(f'file "{image.name}"'):
            groups = self.groups.of(frame, source)
        self._content.groups += groups
        if not any(source is each for each in self._content.sources):
            self._content.sources.append(source)

    def _header(self, image: StudyImage) -> Dataset:
        """The header of the image at hand, read once."""
        if self._source is None or self._source[0] != image.instance:
            self._source = image.instance, read_source(image.path, f'file "{image.name}"')
        return self._source[1]

    def _write(self, content: _Content) -> str:
        use = self.series.use
        with copying("the study"):
            device = sr.ObserverContext(
                observer_type=codes.DCM.Device,
                observer_identifying_attributes=sr.DeviceObserverIdentifyingAttributes(
                    uid=str(highdicom.UID.from_uuid("8ad8b7cb-1c9d-4bd6-8d0f-6a1c6b2f9a31")),
                    name=f"{MAKER}: {use.name}"[:64],
                    manufacturer_name=MAKER,
                    model_name=use.name[:64],
                ),
            )
            body = sr.MeasurementReport(
                observation_context=sr.ObservationContext(observer_device_context=device),
                procedure_reported=codes.SCT.ImagingProcedure,
                imaging_measurements=content.groups,
                title=codes.DCM.ImagingMeasurementReport,
            )
            maker = {k: v for k, v in self.series.maker.items() if k == "manufacturer"}
            result = sr.ComprehensiveSR(
                evidence=[one_frame(source) for source in content.sources],
                content=body[0],
                is_complete=True,
                **self.series.place(content.study),
                **maker,
            )
            refer_to(content.sources, result)
            result.ManufacturerModelName = self.series.maker["manufacturer_model_name"]
            result.SoftwareVersions = self.series.maker["software_versions"]
        return self.series.save(result)
