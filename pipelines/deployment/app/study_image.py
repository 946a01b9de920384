"""A DICOM file that the model is meant for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipelines.datasets.sources.dicom_spacing import Spacing
from pipelines.deployment.app.anatomy import Region
from pipelines.deployment.app.patient import NOBODY, Patient


@dataclass(frozen=True)
class StudyImage:
    """A file with one frame or several.

    Attributes:
        path: the file.
        name: its path below the study's folder.
        frames: their number.
        study: UID of its study.
        series: UID of its series.
        instance: its own UID.
        modality: its code.
        body_part: as its header says, or nothing.
        spacing: of its first frame, millimetres from row to row and from column to column, or
            nothing.
        marks: what a reader of the answers should know.
        order: what images of a study are sorted by.
        regions: anatomic regions that its header names by their codes.
        patient: whose image it is.
    """

    path: Path
    name: str
    frames: int
    study: str
    series: str
    instance: str
    modality: str
    body_part: str
    spacing: Spacing | None
    marks: tuple[str, ...] = ()
    order: tuple[int, str, int, str] = (0, "", 0, "")
    regions: tuple[Region, ...] = ()
    patient: Patient = NOBODY

    @property
    def is_clip(self) -> bool:
        """Whether it has several frames."""
        return self.frames > 1


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file that is not answered.

    Attributes:
        name: its path below the study's folder.
        kind: ``refused`` (the model is not meant for it), ``damaged`` (or of an encoding that
            nothing here decodes), ``no image``, ``not DICOM``, or ``not read`` of a folder or a
            file that may not be opened.
        reason: what a person should know.
    """

    name: str
    kind: str
    reason: str


REFUSED, DAMAGED, NO_IMAGE, NOT_DICOM = "refused", "damaged", "no image", "not DICOM"
NOT_READ = "not read"
