"""A folder of DICOM files, sorted into images to answer and files to leave out."""

from __future__ import annotations

import errno
import os
import stat
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pydicom.charset import python_encoding
from pydicom.dataset import Dataset
from pydicom.tag import Tag
from pydicom.uid import MediaStorageDirectoryStorage

from pipelines.datasets.sources.dicom_check import check_image
from pipelines.datasets.sources.dicom_functional_groups import of_frame
from pipelines.datasets.sources.dicom_header import (
    Header,
    code,
    damage_named,
    looks_like_dicom,
    read_header,
    text,
)
from pipelines.datasets.sources.dicom_spacing import spacing
from pipelines.deployment.app.anatomy import regions
from pipelines.deployment.app.intended_use import IntendedUse
from pipelines.deployment.app.patient import Patient, conflict, read_patient
from pipelines.deployment.app.printable import printable
from pipelines.deployment.app.source_header import SEXES
from pipelines.deployment.app.study_image import (
    DAMAGED,
    NO_IMAGE,
    NOT_DICOM,
    NOT_READ,
    REFUSED,
    LeftOut,
    StudyImage,
)
from pipelines.errors import InputError
from transforms.picture import PictureError

MAKER = "med2d"
"""Manufacturer of our own results: they are not answered again."""

FOR_PROCESSING = "for processing: its greys are not those that a reader sees"

UNKNOWN_SEX = "PatientSex is none of M, F and O: left empty in the results"
UNKNOWN_CHARACTERS = "SpecificCharacterSet is none of DICOM's: names may be misspelt in the results"

_FURTHER = (
    *("AnatomicRegionSequence", "Manufacturer", "PresentationIntentType"),
    *("InstanceNumber", "SeriesNumber", "ImageType", "PatientSex", "SpecificCharacterSet"),
)
_SUFFIXES = (".dcm", ".dicom", ".dic", ".ima")
_LINKS = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID")


@dataclass
class Study:
    """What is in a folder; most often of one study, but any number may be in it.

    Attributes:
        images: that the model is meant for, study by study, in the order of their series.
        left_out: all other files, in the order of their names.
    """

    images: list[StudyImage] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)


def read_study(folder: Path, use: IntendedUse) -> Study:
    """Sorts the files of a folder by their headers; decodes no pixels.

    Args:
        folder: with DICOM files, at any depth; or a single file.
        use: what the model is meant for.

    Returns:
        What was found. A file that is broken or not meant never hides the others.

    Raises:
        InputError: there is no such folder, or it is empty.
    """
    study, seen = Study(), dict[str, str]()
    patients = defaultdict[str, set[Patient]](set)
    for path in _files(folder, study):
        name = _named(path, folder)
        found = _sorted(path, name, use)
        if isinstance(found, StudyImage):
            patients[found.study].add(found.patient)
        if isinstance(found, StudyImage) and found.instance in seen:
            reason = f'file "{name}" holds the same image as "{seen[found.instance]}"'
            found = LeftOut(name, REFUSED, reason)
        if isinstance(found, LeftOut):
            study.left_out.append(found)
        elif found is not None:
            seen[found.instance] = name
            study.images.append(found)
    _refuse_mixed(study, patients)
    study.images.sort(key=lambda image: (image.study, image.order))
    return study


def _refuse_mixed(study: Study, patients: dict[str, set[Patient]]) -> None:
    """Refuses the images of a study in which headers name several patients."""
    mixed = {uid: found for uid, each in patients.items() if (found := conflict(each))}
    for image in study.images:
        if image.study in mixed:
            reason = (
                f'file "{image.name}" is of a study whose files are of several patients (they '
                f"differ in {', '.join(mixed[image.study])}), so a result could go to the wrong "
                "one. Correct the headers, or take the files of other patients out"
            )
            study.left_out.append(LeftOut(image.name, REFUSED, reason))
    study.images = [image for image in study.images if image.study not in mixed]
    study.left_out.sort(key=lambda each: each.name)


def _named(path: Path, folder: Path) -> str:
    """Gives a file's path below the folder of the study, in letters that can be printed."""
    return printable(path.relative_to(folder).as_posix() if folder.is_dir() else path.name)


def _files(folder: Path, study: Study) -> list[Path]:
    """Lists the files below a folder; folders that are not read are told of in the study."""
    if folder.is_file():
        return [folder]
    if not folder.is_dir():
        raise InputError(
            f"{folder} is not there; expected a folder with the DICOM files of a study"
        )
    files = sorted(_walked(folder, study))
    if not files and not study.left_out:
        raise InputError(f"{folder} is empty; expected the DICOM files of a study")
    return files


def _walked(folder: Path, study: Study) -> Iterator[Path]:
    """Follows links to folders, but reads no folder twice."""

    def leave_out(path: str, why: str) -> None:
        name = _named(Path(path), folder)
        study.left_out.append(LeftOut(name, NOT_READ, f'folder "{name}" {why}'))

    def unreadable(error: OSError) -> None:
        leave_out(error.filename, f"cannot be read ({error.strerror}); change its permissions")

    seen = {os.path.realpath(folder)}
    for root, folders, names in os.walk(folder, followlinks=True, onerror=unreadable):
        for each in sorted(folders, key=lambda each: (_is_link(Path(root, each)), each)):
            inner = str(Path(root, each))
            if os.path.realpath(inner) in seen:
                folders.remove(each)
                leave_out(inner, "is a link to a folder that is read already")
            seen.add(os.path.realpath(inner))
        yield from (Path(root) / name for name in names)


def _is_link(path: Path) -> bool:
    """Whether a path is a link; False in a folder that may be listed and not entered."""
    try:
        return path.is_symlink()
    except OSError:
        return False


def _sorted(path: Path, name: str, use: IntendedUse) -> StudyImage | LeftOut | None:
    """Tells what a file is; None for an index of a medium."""
    called = f'file "{name}"'
    problem = _problem_of_opening(path)
    if problem:
        kind, why = problem
        return LeftOut(name, kind, f"{called} {why}")
    claims = path.suffix.casefold() in _SUFFIXES or looks_like_dicom(path)
    if not claims:
        return LeftOut(name, NOT_DICOM, f"{called} is no DICOM file")
    header = None
    try:
        header = read_header(path, called, tuple(int(Tag(each)) for each in _FURTHER))
        elements = header.elements
        with damage_named(called):
            if elements.get("SOPClassUID") == MediaStorageDirectoryStorage:
                return None
            if text(elements, "Manufacturer") == MAKER:
                return LeftOut(name, REFUSED, f"{called} is a result of med2d")
            if header.pixels is None and not _is_image(elements):
                check_image(header, called)
            image = _image(path, name, header, use)
        refusal = use.refusal(image.modality, image.body_part, image.regions)
        if refusal:
            return LeftOut(name, REFUSED, f"{called} {refusal}")
        check_image(header, called)
        with damage_named(called):
            _check_links(elements, called)
        return image
    except PictureError as error:
        kind = DAMAGED
        if header is None and path.stat().st_size and not looks_like_dicom(path):
            kind = NOT_DICOM
        elif header is not None and header.pixels != "PixelData" and not _is_image(header.elements):
            kind = NO_IMAGE
        return LeftOut(name, kind, str(error))


def _problem_of_opening(path: Path) -> tuple[str, str] | None:
    """Says why a file cannot be opened: the kind of what is left out, and the reason."""
    nowhere = NOT_DICOM, "is no file, or a link that leads nowhere"
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return nowhere
        path.open("rb").close()
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
            return nowhere
        return NOT_READ, (
            f"cannot be read ({error.strerror}); change its permissions, or those of its folder"
        )
    return None


def _is_image(elements: Dataset) -> bool:
    """Whether an object is of a kind that has pixels."""
    return "Image" in getattr(elements.get("SOPClassUID"), "name", "")


def _image(path: Path, name: str, header: Header, use: IntendedUse) -> StudyImage:
    elements = header.elements
    body_part, named = text(elements, "BodyPartExamined").upper(), regions(elements)
    modality = code(elements, "Modality")
    return StudyImage(
        path=path,
        name=name,
        frames=header.frames,
        study=text(elements, "StudyInstanceUID"),
        series=text(elements, "SeriesInstanceUID"),
        instance=text(elements, "SOPInstanceUID"),
        modality=modality,
        body_part=body_part or (named[0].meaning if named else ""),
        spacing=spacing(of_frame(elements, 0)),
        marks=(*use.marks(modality, body_part, named), *_marks(elements)),
        order=(
            _number(elements, "SeriesNumber"),
            text(elements, "SeriesInstanceUID"),
            _number(elements, "InstanceNumber"),
            name,
        ),
        regions=named,
        patient=read_patient(elements),
    )


def _marks(elements: Dataset) -> Iterator[str]:
    """Says what a reader should know besides the body part."""
    if text(elements, "PresentationIntentType") == "FOR PROCESSING":
        yield FOR_PROCESSING
    if text(elements, "PatientSex") not in SEXES:
        yield UNKNOWN_SEX
    told = elements.get("SpecificCharacterSet") or ""
    if not set([told] if isinstance(told, str) else told) <= set(python_encoding):
        yield UNKNOWN_CHARACTERS


def _number(elements: Dataset, keyword: str) -> int:
    value = text(elements, keyword)
    return int(value) if value.lstrip("-").isdigit() else 0


def _check_links(elements: Dataset, called: str) -> None:
    """Refuses a file to which no result could be linked."""
    lacking = [keyword for keyword in _LINKS if not text(elements, keyword)]
    if lacking:
        raise PictureError(
            f"{called} has no {', '.join(lacking)}, so no result can be linked to it. Export it "
            "again or take it out"
        )
