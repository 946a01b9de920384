"""Pictures with what a model says drawn in, as DICOM secondary captures."""

from __future__ import annotations

import struct
import tempfile
from dataclasses import dataclass, field
from typing import IO, Any

import numpy as np
from highdicom.sc import SCImage
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.pixels.encoders import JPEGLSLosslessEncoder
from pydicom.uid import (
    JPEGLSLossless,
    MultiFrameTrueColorSecondaryCaptureImageStorage,
)

from pipelines.deployment.app.answered_frame import UNLIKE, AnsweredFrame
from pipelines.deployment.app.class_threshold import ClassThreshold
from pipelines.deployment.app.overlay import overlay
from pipelines.deployment.app.result_series import RESEARCH, ResultSeries, copying
from pipelines.deployment.app.source_header import one_frame, put_laterality, read_source
from pipelines.deployment.app.study_image import StudyImage

_LOSS = (
    *("LossyImageCompression", "LossyImageCompressionRatio"),
    "LossyImageCompressionMethod",
)
_ITEM = struct.Struct("<HHL")  # group, element and length: PS3.5 A.4


@dataclass
class _Pictures:
    """Of the image at hand: the first one, and those of a clip, compressed, in a file."""

    first: NDArray[np.uint8] | None = None
    file: IO[bytes] = field(default_factory=tempfile.TemporaryFile)
    frames: list[int] = field(default_factory=list)


class CaptureWriter:
    """Writes a secondary capture for each image, when its last frame has come.

    A still is stored as it is, a clip as one multi-frame object of losslessly compressed frames
    (JPEG-LS), which wait in a temporary file.

    Args:
        labels: the classes of the model.
        series: of the results.
        point: the operating point of a class, where the model has one.
    """

    kind = "capture"

    def __init__(
        self, labels: list[str], series: ResultSeries, point: ClassThreshold | None = None
    ) -> None:
        self.labels = labels
        self.series = series
        self.point = point
        self.caption = f"{series.use.name} {series.use.version} - {RESEARCH}"
        self._pictures = _Pictures()

    def take(self, frame: AnsweredFrame) -> dict[str, str]:
        """Takes a frame.

        Returns:
            After an image's last frame: its file, if one was written.

        Raises:
            PictureError: the image's header cannot be copied to a result.
            OSError: the result cannot be written.
        """
        if frame.answer is not None and frame.read.picture is not None:
            caption = "; ".join((self.caption, *frame.marks))
            longest = "; ".join((self.caption, *frame.read.image.marks, UNLIKE))
            drawn = overlay(
                frame.read.picture, frame.answer, self.labels, caption, longest, self.point
            )
            self._add(drawn, frame)
        if not frame.read.ends_image:
            return {}
        done, self._pictures = self._pictures, _Pictures()
        with done.file:
            return {self.kind: self._write(frame.read.image, done)} if done.frames else {}

    def end(self, frame: AnsweredFrame) -> dict[str, str]:
        """Has nothing left: what is written, is written when it is taken."""
        return {}

    def _add(self, drawn: NDArray[np.uint8], frame: AnsweredFrame) -> None:
        pictures = self._pictures
        if pictures.first is None:
            pictures.first = drawn
        pictures.frames.append(frame.read.frame)
        if frame.read.image.is_clip:
            if len(pictures.frames) == 1:
                pictures.file.write(_ITEM.pack(0xFFFE, 0xE000, 0))  # no table of offsets
            content = _compressed(drawn)
            pictures.file.write(_ITEM.pack(0xFFFE, 0xE000, len(content)) + content)

    def _write(self, image: StudyImage, pictures: _Pictures) -> str:
        name = f'file "{image.name}"'
        assert pictures.first is not None
        source = read_source(image.path, name)
        with copying(name):
            result = self._still(source, image, pictures.first)
            if image.is_clip:
                _make_clip(result, pictures)
        return self.series.save(result)

    def _still(self, source: Dataset, image: StudyImage, drawn: NDArray[np.uint8]) -> Dataset:
        result: Dataset = SCImage(
            pixel_array=drawn,
            photometric_interpretation="RGB",
            bits_allocated=8,
            coordinate_system="PATIENT",
            patient_orientation=("L", "F"),  # replaced below
            study_instance_uid=image.study,
            patient_id=source.PatientID,
            patient_name=source.PatientName,
            patient_birth_date=source.PatientBirthDate,
            patient_sex=source.PatientSex or None,
            accession_number=source.AccessionNumber,
            study_id=source.StudyID,
            study_date=source.StudyDate,
            study_time=source.StudyTime,
            referring_physician_name=source.ReferringPhysicianName,
            specific_character_set=source.get("SpecificCharacterSet"),
            manufacturer=self.series.maker["manufacturer"],
            **self.series.place(image.study),
        )
        result.ManufacturerModelName = self.series.maker["manufacturer_model_name"]
        result.SoftwareVersions = self.series.maker["software_versions"]
        result.PatientOrientation = source.get("PatientOrientation") or ""
        result.Laterality = ""
        put_laterality(source, result)
        _copy_further(source, result)
        result.BurnedInAnnotation = "YES"
        result.DerivationDescription = f"{self.caption}. {self.series.use.statement}"[:1024]
        result.SourceImageSequence = [_reference(source, image)]
        return result


def _copy_further(source: Dataset, result: Dataset) -> None:
    """Copies what the other results have of patient and study, and what was lost before."""
    result.copy_patient_and_study_information(one_frame(source))
    for keyword in _LOSS:
        if source.get("LossyImageCompression") == "01" and keyword in source:
            result[keyword] = source[keyword]


def _compressed(picture: NDArray[np.uint8]) -> bytes:
    """Compresses a picture of colours without loss; of an even number of bytes."""
    content = JPEGLSLosslessEncoder.encode(
        np.ascontiguousarray(picture),
        rows=picture.shape[0],
        columns=picture.shape[1],
        samples_per_pixel=3,
        photometric_interpretation="RGB",
        bits_allocated=8,
        bits_stored=8,
        pixel_representation=0,
        number_of_frames=1,
        planar_configuration=0,
    )
    return content + b"\0" * (len(content) % 2)


def _make_clip(result: Dataset, pictures: _Pictures) -> None:
    """Makes a still one of all frames."""
    pictures.file.seek(0)
    result.file_meta.MediaStorageSOPClassUID = MultiFrameTrueColorSecondaryCaptureImageStorage
    result.file_meta.TransferSyntaxUID = JPEGLSLossless
    result.SOPClassUID = MultiFrameTrueColorSecondaryCaptureImageStorage
    result.NumberOfFrames = len(pictures.frames)
    result.FrameIncrementPointer = 0x00182001
    result.PageNumberVector = pictures.frames
    result.PixelData = pictures.file
    result["PixelData"].VR = "OB"
    result["PixelData"].is_undefined_length = True


def _reference(source: Dataset, image: StudyImage) -> Dataset:
    item: Any = Dataset()
    item.ReferencedSOPClassUID = source.SOPClassUID
    item.ReferencedSOPInstanceUID = image.instance
    return item
