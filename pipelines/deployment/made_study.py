"""Made DICOM files of many kinds, to try the application on where there are no others.

The pictures are the made images of ``med2d phantom``; nobody is in them, and the patient's name
says so. ``python -m pipelines.deployment.made_study FOLDER`` writes them.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    UID,
    BasicTextSRStorage,
    ComputedRadiographyImageStorage,
    CTImageStorage,
    DigitalMammographyXRayImageStorageForPresentation,
    DigitalXRayImageStorageForPresentation,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEG2000MCLossless,
    JPEGBaseline8Bit,
    SecondaryCaptureImageStorage,
    UltrasoundImageStorage,
    UltrasoundMultiFrameImageStorage,
    generate_uid,
)

from pipelines.datasets.phantoms.bone_xray import bone_phantom
from pipelines.datasets.phantoms.breast import breast_phantom
from pipelines.datasets.phantoms.tissue import tissue_tile

SIZE = 160
"""Pixels of the longer side."""

_SPACING = 0.2  # mm
_CENTIMETRES = 3  # PhysicalUnits of an ultrasound region


@dataclass(frozen=True)
class MadeFile:
    """A file to make.

    Attributes:
        name: of the file.
        kind: the SOP class.
        modality: its code.
        body_part: BodyPartExamined; left out where it is empty.
        picture: makes the pixels of a seed.
        elements: further ones of the header.
        encode: makes of the pixels what is stored; as they are where there is none.
    """

    name: str
    kind: UID
    modality: str
    body_part: str
    picture: Callable[[int], NDArray[Any]]
    elements: Mapping[str, Any] = field(default_factory=dict)
    encode: Callable[[Dataset, NDArray[Any]], None] | None = None


def breast(seed: int) -> NDArray[np.uint8]:
    """Makes a breast ultrasound image with a tumour, grey, not square."""
    rng = np.random.default_rng([9, seed])
    return breast_phantom(rng, "malignant" if seed % 2 else "benign", SIZE * 3 // 4, SIZE)[0]


def breast_colour(seed: int) -> NDArray[np.uint8]:
    """Makes one with a bar of colours at its edge, as scanners draw it."""
    colours = np.stack([breast(seed)] * 3, axis=-1)
    ramp = np.linspace(255, 0, 60).astype(np.uint8)
    colours[10:70, -12:-6, 0], colours[10:70, -12:-6, 2] = ramp[:, None], ramp[::-1, None]
    return colours


def breast_clip(seed: int, frames: int = 6) -> NDArray[np.uint8]:
    """Makes a clip: the image drifts sideways and its gain changes, the first frame is black."""
    still = breast(seed).astype(float)
    clip = [np.roll(still, 2 * n, axis=1) * (1 - 0.03 * n) for n in range(1, frames)]
    return np.stack([np.zeros_like(still), *clip]).astype(np.uint8)


def bone(seed: int) -> NDArray[np.uint16]:
    """Makes a radiograph of a limb of 12 bits, MONOCHROME1: dense is small in its values."""
    rng = np.random.default_rng([10, seed])
    picture = bone_phantom(rng, "fractured", "forearm", SIZE, SIZE * 3 // 4)
    return ((255 - picture.astype(np.uint16)) * 16).astype(np.uint16)


def tissue(seed: int) -> NDArray[np.uint8]:
    """Makes a photograph of stained tissue."""
    return np.ascontiguousarray(tissue_tile(11, seed, SIZE).image[..., :3])


def _as_jpeg(header: Dataset, pixels: NDArray[Any]) -> None:
    """Compresses with loss, as scanners do: YBR, the colours at half the width."""
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, format="JPEG", quality=90, subsampling="4:2:2")
    header.PhotometricInterpretation = "YBR_FULL_422"
    header.LossyImageCompression, header.LossyImageCompressionMethod = "01", "ISO_10918_1"
    _encapsulated(header, content.getvalue(), JPEGBaseline8Bit)


def _as_jpeg2000(header: Dataset, pixels: NDArray[Any]) -> None:
    """Compresses without loss."""
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, format="JPEG2000", irreversible=False, no_jp2=True)
    _encapsulated(header, content.getvalue(), JPEG2000Lossless)


def _as_unknown(header: Dataset, pixels: NDArray[Any]) -> None:
    """Says that the pixels are compressed as nothing decodes: JPEG 2000, part 2."""
    _encapsulated(header, pixels.tobytes(), JPEG2000MCLossless)


def _as_palette(header: Dataset, pixels: NDArray[Any]) -> None:
    """Stores indices of a palette: grey, and warm colours for the brightest."""
    ramp = np.arange(256)
    warm = np.stack([ramp, ramp * 0.9, ramp * 0.7], axis=-1).astype(np.uint16)
    colours = np.where(ramp[:, None] > 200, warm, ramp[:, None].astype(np.uint16)) * 257
    header.PhotometricInterpretation = "PALETTE COLOR"
    for name, values in zip(("Red", "Green", "Blue"), colours.T, strict=True):
        setattr(header, f"{name}PaletteColorLookupTableDescriptor", [256, 0, 16])
        setattr(header, f"{name}PaletteColorLookupTableData", values.astype("<u2").tobytes())
    header.PixelData = pixels.tobytes()


def _without_pixels(header: Dataset, pixels: NDArray[Any]) -> None:
    """Leaves the pixels out."""
    header.ValueType, header.CompletionFlag, header.VerificationFlag = (
        *("CONTAINER", "COMPLETE"),
        "UNVERIFIED",
    )


def _encapsulated(header: Dataset, content: bytes, syntax: UID) -> None:
    header.PixelData = encapsulate([content])
    header["PixelData"].VR, header["PixelData"].is_undefined_length = "OB", True
    header.file_meta.TransferSyntaxUID = syntax


def _region() -> Dataset:
    """An ultrasound region that tells the spacing, PS3.3 C.8.5.5."""
    region = Dataset()
    region.RegionSpatialFormat, region.RegionDataType, region.RegionFlags = 1, 1, 0
    region.RegionLocationMinX0 = region.RegionLocationMinY0 = 0
    region.RegionLocationMaxX1, region.RegionLocationMaxY1 = SIZE - 1, SIZE * 3 // 4 - 1
    region.PhysicalUnitsXDirection = region.PhysicalUnitsYDirection = _CENTIMETRES
    region.PhysicalDeltaX = region.PhysicalDeltaY = _SPACING / 10
    return region


_US, _CLIP = UltrasoundImageStorage, UltrasoundMultiFrameImageStorage
_REGION = {"SequenceOfUltrasoundRegions": [_region()]}
_TWELVE_BITS = {"BitsStored": 12, "HighBit": 11, "PhotometricInterpretation": "MONOCHROME1"}
_WINDOW = {"WindowCenter": "2048", "WindowWidth": "4096"}
_RADIOGRAPH = {**_TWELVE_BITS, **_WINDOW, "ImagerPixelSpacing": [0.3, 0.3]}
_DX = DigitalXRayImageStorageForPresentation
_MG = DigitalMammographyXRayImageStorageForPresentation

IMAGES = (
    MadeFile("us_grey.dcm", _US, "US", "BREAST", breast, _REGION),
    MadeFile("us_rgb.dcm", _US, "US", "BREAST", breast_colour, _REGION),
    MadeFile("us_ybr_jpeg.dcm", _US, "US", "BREAST", breast_colour, {}, _as_jpeg),
    MadeFile("us_palette.dcm", _US, "US", "BREAST", breast, {}, _as_palette),
    MadeFile("us_jpeg2000.dcm", _US, "US", "BREAST", breast, {}, _as_jpeg2000),
    MadeFile("us_clip.dcm", _CLIP, "US", "BREAST", breast_clip, _REGION),
    MadeFile("us_no_body_part.dcm", _US, "US", "", breast),
    MadeFile("dx_monochrome1.dcm", _DX, "DX", "FOREARM", bone, _RADIOGRAPH),
    MadeFile("cr.dcm", ComputedRadiographyImageStorage, "CR", "FOREARM", bone, _RADIOGRAPH),
    MadeFile("mg.dcm", _MG, "MG", "BREAST", breast, {"ImagerPixelSpacing": [0.1, 0.1]}),
    MadeFile("photograph.dcm", SecondaryCaptureImageStorage, "OT", "", tissue),
)
"""What the application answers with one bundle or another."""

BAD = (
    MadeFile("other_part.dcm", _US, "US", "HEART", breast),
    MadeFile("other_modality.dcm", CTImageStorage, "CT", "BREAST", breast),
    MadeFile("no_pixels.dcm", BasicTextSRStorage, "SR", "", breast, {}, _without_pixels),
    MadeFile("pixels_lost.dcm", _US, "US", "BREAST", breast, {}, _without_pixels),
    MadeFile("no_codec.dcm", _US, "US", "BREAST", breast, {}, _as_unknown),
)
"""What it leaves out, each for a reason of its own."""


def write_study(folder: Path, files: tuple[MadeFile, ...] = IMAGES, broken: bool = False) -> None:
    """Writes made files of one study.

    Args:
        folder: where; made if it is not there.
        files: what to write.
        broken: also write a truncated file and one that is no DICOM.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for number, file in enumerate(files, 1):
        made_file(file, number).save_as(folder / file.name, enforce_file_format=True)
    if broken:
        content = (folder / files[0].name).read_bytes()
        (folder / "truncated.dcm").write_bytes(content[: len(content) * 2 // 3])
        (folder / "notes.txt").write_text("no DICOM", encoding="utf-8")


def made_file(file: MadeFile, number: int) -> Dataset:
    """Makes a file.

    Args:
        file: what to make.
        number: of the instance, from 1; other pixels for each.
    """
    pixels = file.picture(number)
    header = _header(file, number)
    coloured = pixels.ndim > 2 and pixels.shape[-1] == 3
    header.Rows, header.Columns = pixels.shape[-3:-1] if coloured else pixels.shape[-2:]
    header.SamplesPerPixel = 3 if coloured else 1
    header.PhotometricInterpretation = "RGB" if coloured else "MONOCHROME2"
    if coloured:
        header.PlanarConfiguration = 0
    bits = 8 * pixels.dtype.itemsize
    header.BitsAllocated, header.BitsStored, header.HighBit = bits, bits, bits - 1
    header.PixelRepresentation = 0
    if pixels.ndim - coloured == 3:
        header.NumberOfFrames, header.FrameTime = len(pixels), "40"
        header.FrameIncrementPointer = 0x00181063
    for keyword, value in file.elements.items():
        setattr(header, keyword, value)
    if file.encode:
        file.encode(header, pixels)
    else:
        header.PixelData = pixels.tobytes()
    if "PixelData" in header:
        header["PixelData"].VR = "OW" if header.BitsAllocated > 8 else "OB"
    return header


def _header(file: MadeFile, number: int) -> Dataset:
    """Makes what stands before the pixels."""
    header = Dataset()
    header.file_meta = FileMetaDataset()
    header.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    header.SOPClassUID, header.SOPInstanceUID = file.kind, _uid("image", file.name)
    header.StudyInstanceUID, header.SeriesInstanceUID = _uid("study"), _uid(file.modality)
    header.PatientName, header.PatientID = "MADE^NOBODY", "MADE-1"
    header.PatientBirthDate, header.PatientSex = "", "O"
    header.StudyDate, header.StudyTime, header.StudyID = "20200101", "120000", "1"
    header.AccessionNumber = header.ReferringPhysicianName = ""
    header.Modality, header.Manufacturer = file.modality, "made"
    header.SeriesNumber, header.InstanceNumber = 1, number
    header.ImageType = ["ORIGINAL", "PRIMARY"]
    if file.body_part:
        header.BodyPartExamined = file.body_part
    return header


def _uid(*words: str) -> UID:
    """Gives a UID that is the same in every run."""
    return generate_uid(entropy_srcs=["med2d made study", *words])


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--bad", is_flag=True, help="Also write files that are refused or broken.")
def main(folder: Path, bad: bool) -> None:
    """Write made DICOM files to FOLDER, to try the application on."""
    files = (*IMAGES, *BAD) if bad else IMAGES
    try:
        write_study(folder, files, broken=bad)
    except OSError as error:
        raise click.ClickException(f"{folder} cannot be written ({error.strerror})") from error
    click.echo(f"{len(files) + 2 * bad} made files in {folder}")


if __name__ == "__main__":
    main()
