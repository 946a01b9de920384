"""Small DICOM files, made for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, UltrasoundImageStorage

WAY = "1.2.826.0.1.3680043.8.498.1"


def made_header(pixels: NDArray[Any], **elements: Any) -> Dataset:
    """Makes the header of an ultrasound image (H, W), (F, H, W), (H, W, 3) or (F, H, W, 3)."""
    coloured = pixels.ndim > 2 and pixels.shape[-1] == 3
    rows, columns = pixels.shape[-3:-1] if coloured else pixels.shape[-2:]
    frames = pixels.shape[0] if pixels.ndim - coloured == 3 else None
    bits = 8 * pixels.dtype.itemsize
    header = Dataset()
    header.SOPClassUID, header.SOPInstanceUID = UltrasoundImageStorage, f"{WAY}.5"
    header.StudyInstanceUID, header.SeriesInstanceUID = f"{WAY}.2", f"{WAY}.3"
    header.Modality, header.PatientID = "US", "P1"
    header.Rows, header.Columns = rows, columns
    header.SamplesPerPixel = 3 if coloured else 1
    header.PhotometricInterpretation = "RGB" if coloured else "MONOCHROME2"
    if coloured:
        header.PlanarConfiguration = 0
    if frames:
        header.NumberOfFrames = frames
    header.BitsAllocated, header.BitsStored, header.HighBit = bits, bits, bits - 1
    header.PixelRepresentation = int(pixels.dtype.kind == "i")
    for keyword, value in elements.items():
        if value is None:
            del header[keyword]
        else:
            setattr(header, keyword, value)
    return header


def write_dicom(path: Path, pixels: NDArray[Any], **elements: Any) -> Path:
    """Writes a file, uncompressed; ``elements`` are keywords, None takes one out."""
    header = made_header(pixels, **elements)
    if "PixelData" not in elements:
        data = pixels.tobytes()
        header.PixelData = data + b"\0" * (len(data) % 2)
        header["PixelData"].VR = "OW" if header.BitsAllocated > 8 else "OB"
    header.file_meta = FileMetaDataset()
    header.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    header.file_meta.MediaStorageSOPClassUID = header.get("SOPClassUID", UltrasoundImageStorage)
    header.file_meta.MediaStorageSOPInstanceUID = f"{WAY}.4"
    path.parent.mkdir(parents=True, exist_ok=True)
    header.save_as(path, enforce_file_format=True)
    return path


def ramp(rows: int = 6, columns: int = 9, dtype: str = "u1", step: int = 1) -> NDArray[Any]:
    """Makes a picture, not square, of values that all differ."""
    return (np.arange(rows * columns) * step).reshape(rows, columns).astype(dtype)
