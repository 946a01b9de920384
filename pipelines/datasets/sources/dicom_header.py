"""The header of a DICOM file: what stands before its pixels, read and checked without them."""

from __future__ import annotations

import re
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from pydicom.datadict import keyword_for_tag
from pydicom.dataset import Dataset
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.filereader import read_file_meta_info, read_partial
from pydicom.tag import BaseTag, Tag
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from pipelines.datasets.sources.dicom_fragments import Fragments, walk_fragments
from pipelines.errors import InputError, first_line
from transforms.picture import PictureError

_MAGIC = b"DICM"
_PREAMBLE = 128
_GROUPS_AT_START = (b"\x02\x00", b"\x08\x00")  # of files that were stored without a preamble
_PLAIN = (ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian)
_UNDEFINED = 0xFFFFFFFF  # the length of compressed pixels
_FIRST_PIXELS = BaseTag(0x7FE00008)
_LONGEST_CODE = 16  # letters, by PS3.5 6.2
_KEYWORDS = (
    "SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID",
    "Modality", "BodyPartExamined", "ViewPosition", "Laterality", "ImageLaterality",
    "ManufacturerModelName", "BurnedInAnnotation",
    "PatientID", "IssuerOfPatientID", "PatientName", "OtherPatientIDs", "OtherPatientNames",
    "PatientBirthDate", "AccessionNumber", "StudyID", "ReferringPhysicianName", "InstitutionName",
    "SamplesPerPixel", "PhotometricInterpretation", "PlanarConfiguration", "NumberOfFrames",
    "Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation",
    "PixelPaddingValue", "PixelPaddingRangeLimit", "PixelAspectRatio", "PixelPresentation",
    "ModalityLUTSequence", "RescaleSlope", "RescaleIntercept",
    "VOILUTSequence", "WindowCenter", "WindowWidth", "VOILUTFunction",
    "PixelSpacing", "ImagerPixelSpacing", "EstimatedRadiographicMagnificationFactor",
    "NominalScannedPixelSpacing", "SequenceOfUltrasoundRegions",
    "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence",
    *(
        f"{segmented}{colour}PaletteColorLookupTable{part}"
        for colour in ("Red", "Green", "Blue")
        for segmented, part in (("", "Descriptor"), ("", "Data"), ("Segmented", "Data"))
    ),
)  # fmt: skip
_TAGS = tuple(map(Tag, _KEYWORDS))
_DAMAGE = (  # what pydicom and its decoders raise over broken files
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    BytesLengthException,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
    InvalidDicomError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)


@dataclass(frozen=True)
class Header:
    """What stands before the pixels of a DICOM file.

    Attributes:
        elements: the elements that this package uses, and no others.
        pixels: keyword of the element that holds the pixels, or nothing.
        length: its length in bytes as it says; nothing where the pixels are compressed.
        room: bytes that the file has from where the pixels start.
        fragments: of compressed pixels; nothing where their length is stated, as plain ones state
            it.
    """

    elements: Dataset
    pixels: str | None
    length: int | None
    room: int
    fragments: Fragments | None = None

    @property
    def syntax(self) -> UID:
        """How the file is encoded."""
        return UID(self.elements.file_meta.TransferSyntaxUID)

    @property
    def is_plain(self) -> bool:
        """Whether the pixels are not compressed."""
        return self.syntax in _PLAIN

    @property
    def frames(self) -> int:
        """The number of frames, at least 1."""
        return max(1, int(self.elements.get("NumberOfFrames") or 1))


class _Stop:
    """Stops the reading at the pixels, and remembers which element that was."""

    keyword: str | None = None
    length = 0
    header = 12  # bytes of the element before its value

    def __call__(self, tag: BaseTag, vr: str | None, length: int) -> bool:
        if tag < _FIRST_PIXELS:
            return False
        if tag.group == _FIRST_PIXELS.group:
            self.keyword, self.length = keyword_for_tag(tag) or None, length
            # Not by the transfer syntax: compressed files exist whose elements are implicit.
            self.header = 8 if vr is None else 12
        return True


@contextmanager
def damage_named(name: str) -> Iterator[None]:
    """Turns what pydicom raises over broken files to a message that names the file.

    Its warnings are kept quiet: what matters of them is checked and said.

    Args:
        name: what the message calls the file.

    Raises:
        PictureError: in place of what was raised.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            yield
    except (PictureError, InputError):
        raise
    except _DAMAGE as error:
        raise PictureError(
            f"{name} is truncated or damaged ({_reason(error)}). Export it again or take it out"
        ) from error


def _reason(error: BaseException) -> str:
    """Gives the start of an error's message: what it quotes of the file may name the patient."""
    start = re.split(r"[\"']|Instead", first_line(error))[0].strip(" .:(b")
    element = re.fullmatch(r"A (\(\w{4},\w{4}\))", start)
    return f"element {element[1]} cannot be so" if element else start or type(error).__name__


def looks_like_dicom(path: Path) -> bool:
    """Tells whether a file starts as DICOM does; False where it cannot be read."""
    try:
        with path.open("rb") as opened:
            return opened.read(_PREAMBLE + len(_MAGIC))[_PREAMBLE:] == _MAGIC
    except OSError:
        return False


def read_header(path: Path, name: str, further: tuple[int, ...] = ()) -> Header:
    """Reads what stands before the pixels.

    Args:
        path: the file.
        name: what messages call it, such as ``image "a/b.dcm"``.
        further: tags that are read besides those that the pixels need.

    Returns:
        The header, not yet checked; see ``check_image``.

    Raises:
        PictureError: the file cannot be read, is no DICOM file, or is damaged.
    """
    _check_start(path, name)
    with damage_named(name):
        syntax = read_file_meta_info(path).get("TransferSyntaxUID")
        if not syntax:
            raise PictureError(
                f"{name} does not say how it is encoded (transfer syntax), or is truncated within "
                "its header; export it again or take it out"
            )
        if syntax == DeflatedExplicitVRLittleEndian:
            raise PictureError(
                f"{name} is deflated as a whole, which is not read; expected another transfer "
                "syntax. Convert it with dcmconv +te"
            )
        stop = _Stop()
        wanted: list[BaseTag | int] = [*_TAGS, *further]
        with path.open("rb") as opened:
            elements = read_partial(opened, stop_when=stop, specific_tags=wanted)
            start = opened.tell() + stop.header
        status = path.stat()
        room = max(0, status.st_size - start)
        if stop.length != _UNDEFINED:
            return Header(elements, stop.keyword, stop.length, room)
        fragments = walk_fragments(path, start, status.st_size, status.st_mtime_ns)
        return Header(elements, stop.keyword, None, room, fragments)


def _check_start(path: Path, name: str) -> None:
    """Refuses what is no DICOM file by its first bytes."""
    try:
        with path.open("rb") as opened:
            start = opened.read(_PREAMBLE + len(_MAGIC))
    except FileNotFoundError:
        raise PictureError(f"{name} does not exist; expected a DICOM file") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise PictureError(f"{name} cannot be read: {reason}") from None
    if not start:
        raise PictureError(f"{name} is empty (0 bytes). Export it again or take it out")
    if start[_PREAMBLE:] == _MAGIC:
        return
    if start[:2] in _GROUPS_AT_START:
        raise PictureError(
            f"{name} is DICOM without the file header of 132 bytes and the encoding; expected "
            'a file by part 10 of the standard ("DICM" at byte 128). Export it again'
        )
    if len(start) < _PREAMBLE + len(_MAGIC):
        raise PictureError(
            f"{name} is no DICOM file, or truncated: it has {len(start)} bytes only. Export it "
            "again or take it out"
        )
    raise PictureError(f"{name} is no DICOM file, whatever its name says; take it out")


def text(elements: Dataset, keyword: str) -> str:
    """Gives an element's value as one line of text, empty where there is none."""
    value: Any = elements.get(keyword)
    if value is None:
        return ""
    parts = value if isinstance(value, list | tuple) or hasattr(value, "append") else [value]
    return " ".join(" ".join(str(part) for part in parts).replace("\0", " ").split())


def code(elements: Dataset, keyword: str) -> str:
    """Gives a code for a message; what is longer than one is damage, and may name the patient."""
    value = text(elements, keyword)
    return value if len(value) <= _LONGEST_CODE else "unknown"
