"""Whether a DICOM file holds pictures that can be decoded, told by its header."""

from __future__ import annotations

from pydicom.dataset import Dataset
from pydicom.pixels import get_decoder
from pydicom.pixels.utils import get_expected_length
from pydicom.uid import UID, JPEG2000TransferSyntaxes, JPEGExtended12Bit

from pipelines.datasets.sources.dicom_header import Header, code, damage_named
from pipelines.datasets.sources.source import check_pixels
from transforms.picture import PictureError

MOST_FRAMES = 20_000
"""A file whose header promises more frames is refused: five minutes of video have fewer."""

GREY = ("MONOCHROME1", "MONOCHROME2")
COLOUR = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT")
PALETTE = "PALETTE COLOR"

_SEGMENTATIONS = ("1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7")
_PACKAGES = {  # the name of a transfer syntax holds the word: what decodes it
    "JPEG-LS": "pyjpegls",
    "JPEG 2000": "pylibjpeg pylibjpeg-openjpeg",
    "High-Throughput": "pylibjpeg pylibjpeg-openjpeg",
    "JPEG": "pylibjpeg pylibjpeg-libjpeg",
}


def check_image(header: Header, name: str) -> None:
    """Checks by the header that a file holds pictures that can be decoded; decodes none.

    Args:
        header: of the file.
        name: what messages call it.

    Raises:
        PictureError: it holds no picture, too large a one, fewer or more bytes than it says, or one
            of an encoding or a kind of colours that cannot be read.
    """
    with damage_named(name):
        _check_kind(header, name)
        _check_format(header.elements, name)
        check_pixels(header.elements.Columns, header.elements.Rows, name)
        if header.frames > MOST_FRAMES:
            raise PictureError(
                f"{name} has {header.frames} frames by its header; the limit is {MOST_FRAMES}. "
                "Split it, or take it out"
            )
        if header.is_plain:
            _check_length(header, name)
        else:
            _check_video(header.syntax, name)
            _check_fragments(header, name)
            _check_decoder(header, name)


def _check_kind(header: Header, name: str) -> None:
    """Refuses objects that are no pictures, and pictures that end before their pixels."""
    kind = _kind(header.elements)
    if header.elements.get("SOPClassUID") in _SEGMENTATIONS:
        raise PictureError(
            f"{name} is a DICOM segmentation, which is read neither as image nor as mask; take it "
            "out, and put masks as PNG beside the images (x.png for x.dcm)"
        )
    if header.pixels is None and "Image" in kind:
        raise PictureError(
            f"{name} has no pixels, though it is of the kind {kind}: it is truncated or damaged, "
            "or they were taken out. Export it again or take it out"
        )
    if header.pixels is None:
        raise PictureError(
            f"{name} holds no pixels ({kind or 'of no stated kind'}); expected an image. Take it "
            "out"
        )
    if header.pixels != "PixelData":
        raise PictureError(
            f"{name} holds fractions ({header.pixels}), not grey values; expected an image of "
            "whole numbers. Take it out"
        )


def _kind(elements: Dataset) -> str:
    """Names the kind of object, empty where it is unknown: a damaged header holds anything."""
    meta = getattr(elements, "file_meta", Dataset())
    for value in (elements.get("SOPClassUID"), meta.get("MediaStorageSOPClassUID")):
        uid = UID(str(value or ""))
        if uid.name != uid:
            return uid.name.removesuffix(" Storage")
    return ""


def _check_format(elements: Dataset, name: str) -> None:
    """Checks size, depth and colours."""
    lacking = [
        keyword
        for keyword in ("Rows", "Columns", "BitsAllocated", "PhotometricInterpretation")
        if not elements.get(keyword)
    ]
    if lacking:
        raise PictureError(
            f"{name} has no {', '.join(lacking)} in its header, without which pixels mean nothing; "
            "export it again or take it out"
        )
    samples = int(elements.get("SamplesPerPixel") or 1)
    kind = code(elements, "PhotometricInterpretation")
    if not (samples == 1 and kind in (*GREY, PALETTE)) and not (samples == 3 and kind in COLOUR):
        raise PictureError(
            f"{name} has {samples} values a pixel of the kind {kind}; expected 1 of "
            f"{', '.join((*GREY, PALETTE))} or 3 of {', '.join(COLOUR)}. Export it as one of them"
        )
    if int(elements.BitsAllocated) not in (1, 8, 16, 32):
        raise PictureError(
            f"{name} has {elements.BitsAllocated} bits a value; expected 1, 8, 16 or 32"
        )


def _check_length(header: Header, name: str) -> None:
    """Compares the bytes of uncompressed pixels with what rows, columns and frames ask for."""
    expected = get_expected_length(header.elements)
    length = header.length or 0
    held = min(length, header.room)
    row = expected // (int(header.elements.Rows) * header.frames)
    if held < expected or length >= expected + max(row, 2):
        state = "is truncated" if header.room < length else "does not fit its header"
        raise PictureError(
            f"{name} {state}: {held} bytes of pixels, where {header.elements.Rows} rows x "
            f"{header.elements.Columns} columns x {header.frames} frames need {expected}. Export "
            "it again or take it out"
        )


def _check_video(syntax: UID, name: str) -> None:
    """Refuses videos."""
    if any(word in syntax.name for word in ("MPEG", "HEVC", "SMPTE")):
        raise PictureError(
            f"{name} holds a video ({syntax.name}), which is not read; take its frames out as "
            "pictures, for instance with ffmpeg"
        )


def _check_fragments(header: Header, name: str) -> None:
    """Refuses compressed pixels that are not all there."""
    found = header.fragments
    if found is None:
        return
    remedy = "Export it again or take it out"
    if found.strange:
        raise PictureError(
            f"{name} is damaged: after fragment {found.count} of its compressed pixels stands what "
            f"is no fragment. {remedy}"
        )
    if found.lacking:
        raise PictureError(
            f"{name} is truncated: fragment {found.count + 1} of its compressed pixels lacks "
            f"{found.lacking} bytes. {remedy}"
        )
    # Without the mark of the end, what is there may be all: one fragment for each frame.
    if found.count < header.frames or not (found.ended or found.count == header.frames):
        raise PictureError(
            f"{name} is truncated or damaged: its compressed pixels end after fragment "
            f"{found.count}, and it has {header.frames} frames. {remedy}"
        )
    rows, columns = int(header.elements.Rows), int(header.elements.Columns)
    for high, wide in sorted(found.sizes - {(rows, columns)}):
        raise PictureError(
            f"{name} does not fit its header: its compressed pixels say that they are {high} rows "
            f"x {wide} columns, the header {rows} x {columns}. {remedy}"
        )


def _check_decoder(header: Header, name: str) -> None:
    """Refuses compressed pixels that nothing installed can decode."""
    syntax = header.syntax
    known = syntax.name if syntax.name != syntax else f"unknown ({syntax[:64]})"
    if not _is_decodable(syntax, header.elements):
        raise PictureError(f"{name} {undecodable(known)}")
    if header.fragments is None:
        raise PictureError(
            f"{name} is damaged: it is compressed as {known} by its header, and its pixels are "
            "not. Export it again or take it out"
        )


def _is_decodable(syntax: UID, elements: Dataset) -> bool:
    """Tells whether an installed package decodes pixels so compressed, as deep as these are."""
    try:
        packages = set(get_decoder(syntax).available_plugins)
    except NotImplementedError:
        return False
    if int(elements.get("BitsStored") or 8) > 8:
        if syntax == JPEGExtended12Bit:
            packages -= {"pillow", "gdcm"}
        elif syntax in JPEG2000TransferSyntaxes and int(elements.get("SamplesPerPixel") or 1) > 1:
            packages -= {"pillow"}
    return bool(packages)


def undecodable(syntax: str) -> str:
    """Says that a transfer syntax cannot be decoded here, and what to install."""
    package = decoding_package(syntax)
    remedy = f"run pip install {package}, or convert" if package else "convert"
    return (
        f"is compressed as {syntax}, which nothing installed here decodes; {remedy} the file to "
        "an uncompressed one"
    )


def decoding_package(syntax: str) -> str | None:
    """Names what decodes a transfer syntax of this name, as pip calls it; nothing if unknown."""
    return next((each for word, each in _PACKAGES.items() if word in syntax), None)
