"""The series that results stand in: one for each kind of result and study, with new UIDs."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from highdicom import UID
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

import pipelines
from pipelines.atomic import replacing
from pipelines.datasets.sources.dicom_header import damage_named
from pipelines.deployment.app.intended_use import IntendedUse
from pipelines.deployment.app.study import MAKER
from transforms.picture import PictureError

RESEARCH = "research use only"

_LONGEST = 64  # letters of an LO, by PS3.5 6.2


@dataclass
class ResultSeries:
    """Numbers and names the results of one kind.

    Attributes:
        kind: word in the files' names, such as ``segmentation``.
        number: of the series, as viewers show it.
        folder: of the results.
        use: of the model that gives them.
    """

    kind: str
    number: int
    folder: Path
    use: IntendedUse
    _series: dict[str, str] = field(default_factory=dict)
    _count: int = 0

    def place(self, study: str) -> dict[str, Any]:
        """Gives what tells the next result of a study from all others."""
        self._count += 1
        return {
            "series_instance_uid": self._series.setdefault(study, str(UID())),
            "series_number": self.number,
            "sop_instance_uid": str(generate_uid()),
            "instance_number": self._count,
        }

    @property
    def maker(self) -> dict[str, Any]:
        """Gives what says who made a result."""
        return {
            "manufacturer": MAKER,
            "manufacturer_model_name": self.use.name[:_LONGEST],
            "software_versions": f"{self.use.version} (med2d {pipelines.__version__})"[:_LONGEST],
            "device_serial_number": "0",
        }

    @property
    def description(self) -> str:
        """What viewers show of the series."""
        words = f"{self.kind}, {RESEARCH}: {self.use.name}"
        return words[:_LONGEST]

    def save(self, result: Dataset) -> str:
        """Writes the result that was given the last place; gives its file's name.

        Raises:
            OSError: it cannot be written.
        """
        result.SeriesDescription = self.description
        name = f"{self.kind}_{self._count:04d}.dcm"
        with replacing(self.folder / name) as part, quietly():
            result.save_as(part, enforce_file_format=True)
        return name


@contextmanager
def quietly() -> Iterator[None]:
    """Keeps the warnings of pydicom and highdicom over others' headers quiet."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextmanager
def copying(name: str) -> Iterator[None]:
    """Names the file whose header cannot be copied to a result.

    Raises:
        PictureError: in place of what highdicom or pydicom raise.
    """
    try:
        with quietly(), damage_named(name):
            yield
    except PictureError as error:
        cause = error.__cause__
        if cause is None:
            raise
        # What a value is may name the patient; the kind of the error does not.
        raise PictureError(
            f"{name} has a header that DICOM does not allow in a result ({type(cause).__name__}). "
            "Correct it and answer the study again"
        ) from cause
