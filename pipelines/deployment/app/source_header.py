"""The header of a source image, from which results take patient and study."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from copy import copy
from pathlib import Path

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import (
    UID,
    SecondaryCaptureImageStorage,
    UltrasoundImageStorage,
    UltrasoundMultiFrameImageStorage,
)
from pydicom.valuerep import DA, TM

from pipelines.datasets.sources.dicom_header import damage_named
from pipelines.deployment.app.anatomy import laterality
from transforms.picture import PictureError

_MAY_BE_EMPTY = (  # type 2 in the modules Patient and General Study, PS3.3 C.7.1.1 and C.7.2.1
    *("PatientID", "PatientName", "PatientBirthDate", "PatientSex"),
    *("AccessionNumber", "StudyID", "StudyDate", "StudyTime", "ReferringPhysicianName"),
)
_MOMENTS: dict[str, Callable[[str], object]] = {
    "PatientBirthDate": DA,
    "StudyDate": DA,
    "StudyTime": TM,
}
SEXES = ("M", "F", "O", "")
"""What PatientSex may say."""

_UNICODE = "ISO_IR 192"
_GEOMETRY = (
    *("FrameOfReferenceUID", "PositionReferenceIndicator", "ImagePositionPatient"),
    *("ImageOrientationPatient", "PixelSpacing", "SliceThickness", "SpacingBetweenSlices"),
    *("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence", "NumberOfFrames"),
)
_ONE_FRAME = {UltrasoundMultiFrameImageStorage: UltrasoundImageStorage}


def read_source(path: Path, name: str) -> Dataset:
    """Reads the header of a file, without its pixels, complete enough to be copied from.

    Its words are decoded by the character set that it names, and are written as UTF-8: results are
    of one character set, whatever their sources have. What no result may say is left empty.

    Args:
        path: the file.
        name: what messages call it.

    Raises:
        PictureError: it cannot be read.
    """
    with damage_named(name):
        source = dcmread(path, stop_before_pixels=True)
        _leave_out_unreadable([source], name)
        source.decode()
        _forget_character_set([source])
        source.SpecificCharacterSet = _UNICODE
        for keyword in _MAY_BE_EMPTY:
            if source.get(keyword) is None:
                setattr(source, keyword, "")
        for keyword, check in _MOMENTS.items():
            setattr(source, keyword, _moment(str(source.get(keyword) or ""), check))
        if source.PatientSex not in SEXES:
            source.PatientSex = ""
        return source


def _leave_out_unreadable(items: Iterable[Dataset], name: str) -> None:
    """Takes out single elements whose values cannot be, at any depth."""
    for item in items:
        for tag in list(item.keys()):
            try:
                with damage_named(name):
                    element = item[tag]
            except PictureError:
                del item[tag]
                continue
            if element.VR == "SQ":
                _leave_out_unreadable(element.value, name)


def _forget_character_set(items: Iterable[Dataset]) -> None:
    """Takes the character sets out, at any depth: what is decoded needs none."""
    for item in items:
        item.pop("SpecificCharacterSet", None)
        for element in item:
            if element.VR == "SQ":
                _forget_character_set(element.value)


def _moment(value: str, check: Callable[[str], object]) -> str:
    """Gives a date or a time as DICOM writes it now, without the dots and colons of ACR-NEMA.

    What is none becomes empty, which DICOM takes as unknown.
    """
    plain = value.strip().replace(":", "") if check is TM else value.strip().replace(".", "")
    try:
        check(plain)
    except ValueError:
        return ""
    return plain


def one_frame(source: Dataset) -> Dataset:
    """Gives a stand-in for a source: of one frame, without a place in space.

    highdicom takes a single frame where a source has no frame of reference, as ultrasound,
    radiographs and captures have none, and tells clips by their kind of object.

    Args:
        source: as ``read_source`` gives it; stays as it is.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        still = Dataset()
        still.file_meta = source.file_meta
        for element in source:
            if element.keyword not in _GEOMETRY:
                still.add(copy(element))  # what is set in the stand-in stays out of the source
    still.SOPClassUID = _kind_of_one_frame(source.SOPClassUID)
    return still


def put_laterality(source: Dataset, result: Dataset) -> None:
    """Gives the image of a result the side of its source, where that is known.

    Args:
        source: as ``read_source`` gives it.
        result: is changed. Its side is that of the image, since a series has room for L and R only.
    """
    side = laterality(source)
    if side:
        result.pop("Laterality", None)
        result.ImageLaterality = side


def refer_to(sources: Iterable[Dataset], result: Dataset) -> None:
    """Puts the sources' own kinds in the place of those of their stand-ins.

    Args:
        sources: as ``read_source`` gives them.
        result: refers to them, at any depth; is changed.
    """
    kinds = {str(source.SOPInstanceUID): source.SOPClassUID for source in sources}

    def put(item: Dataset) -> None:
        instance = str(item.get("ReferencedSOPInstanceUID", ""))
        if instance in kinds:
            item.ReferencedSOPClassUID = kinds[instance]
        for element in item:
            for inner in element.value if element.VR == "SQ" else ():
                put(inner)

    put(result)


def _kind_of_one_frame(kind: UID) -> UID:
    """Gives the kind of a still; for retired and private ones, which highdicom does not know, too.

    Examples:
        >>> from pydicom.uid import UltrasoundMultiFrameImageStorage as clip
        >>> _kind_of_one_frame(clip).name
        'Ultrasound Image Storage'
    """
    is_known = kind.name != kind and not kind.is_retired
    if not is_known or kind.startswith(f"{SecondaryCaptureImageStorage}."):
        return SecondaryCaptureImageStorage
    return _ONE_FRAME.get(kind, kind)
