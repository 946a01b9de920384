from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import (
    MultiFrameTrueColorSecondaryCaptureImageStorage,
    SecondaryCaptureImageStorage,
    UltrasoundImageStorage,
    UltrasoundMultiFrameImageStorage,
)

from pipelines.deployment.app.source_header import (
    one_frame,
    put_laterality,
    read_source,
    refer_to,
)
from tests.pipelines.datasets.made_dicom import ramp, write_dicom
from transforms.picture import PictureError


def test_what_a_header_lacks_is_empty_and_old_dates_are_written_as_now(tmp_path: Path) -> None:
    path = write_dicom(tmp_path / "a.dcm", ramp())
    content = path.read_bytes()
    source = read_source(path, "a")
    assert (source.PatientName, source.StudyDate, source.PatientBirthDate) == ("", "", "")
    dated = Dataset()
    dated.StudyDate = "19941105"
    assert b"19941105" not in content
    path = write_dicom(tmp_path / "b.dcm", ramp(), StudyTime="112000", StudyDate="19941105")
    path.write_bytes(path.read_bytes().replace(b"19941105", b"1994.115"))
    assert read_source(path, "b").StudyDate == ""
    assert read_source(path, "b").StudyTime == "112000"


def test_pixels_are_not_read(tmp_path: Path) -> None:
    assert "PixelData" not in read_source(write_dicom(tmp_path / "a.dcm", ramp()), "a")


def test_a_file_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="file a is truncated or damaged"):
        read_source(tmp_path / "a.dcm", "file a")


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (UltrasoundMultiFrameImageStorage, UltrasoundImageStorage),
        (UltrasoundImageStorage, UltrasoundImageStorage),
        (MultiFrameTrueColorSecondaryCaptureImageStorage, SecondaryCaptureImageStorage),
        ("1.2.840.10008.5.1.4.1.1.6", SecondaryCaptureImageStorage),  # retired
        ("1.2.3.4", SecondaryCaptureImageStorage),  # private
    ],
)
def test_a_stand_in_is_a_still_without_a_place(tmp_path: Path, kind: str, expected: str) -> None:
    clip = np.zeros((3, 4, 5), np.uint8)
    elements = {"SOPClassUID": kind, "PixelSpacing": [0.1, 0.1], "FrameOfReferenceUID": "1.2"}
    source = read_source(write_dicom(tmp_path / "a.dcm", clip, **elements), "a")
    still = one_frame(source)
    assert still.SOPClassUID == expected and "NumberOfFrames" not in still
    assert "PixelSpacing" not in still and "FrameOfReferenceUID" not in still
    assert source.NumberOfFrames == 3 and source.SOPClassUID == kind


def test_references_at_any_depth_get_the_kind_of_the_source() -> None:
    source, inner, other, result = (Dataset() for _ in range(4))
    source.SOPInstanceUID, source.SOPClassUID = "1.2", UltrasoundMultiFrameImageStorage
    inner.ReferencedSOPInstanceUID, inner.ReferencedSOPClassUID = "1.2", UltrasoundImageStorage
    other.ReferencedSOPInstanceUID, other.ReferencedSOPClassUID = "1.3", UltrasoundImageStorage
    outer = Dataset()
    outer.ReferencedSOPSequence = [inner, other]
    result.ContentSequence = [outer]
    refer_to([source], result)
    assert inner.ReferencedSOPClassUID == UltrasoundMultiFrameImageStorage
    assert other.ReferencedSOPClassUID == UltrasoundImageStorage


def test_words_of_any_character_set_are_written_as_utf8(tmp_path: Path) -> None:
    name, sets = "Yamada^Tarou=山田^太郎", ["", "ISO 2022 IR 87"]
    issuer = Dataset()
    issuer.UniversalEntityID, issuer.SpecificCharacterSet = "山田", "ISO_IR 192"
    path = write_dicom(tmp_path / "a.dcm", ramp(), SpecificCharacterSet=sets, PatientName=name)
    source = read_source(path, "a")
    source.IssuerOfPatientIDQualifiersSequence = [issuer]
    assert source.SpecificCharacterSet == "ISO_IR 192"
    source.save_as(tmp_path / "b.dcm")
    assert name.encode() in (tmp_path / "b.dcm").read_bytes()
    again = read_source(tmp_path / "b.dcm", "b")
    assert again.PatientName == name
    (inner,) = again.IssuerOfPatientIDQualifiersSequence
    assert "SpecificCharacterSet" not in inner and inner.UniversalEntityID == "山田"


def test_what_no_result_may_say_is_left_empty(tmp_path: Path) -> None:
    path = write_dicom(tmp_path / "a.dcm", ramp(), PatientSex="W")
    assert read_source(path, "a").PatientSex == ""


def test_a_value_that_cannot_be_read_takes_no_other_with_it(tmp_path: Path) -> None:
    path = write_dicom(tmp_path / "a.dcm", ramp(), PregnancyStatus=0x6162, PatientAge="044Y")
    length = struct.pack("<H", 2)
    broken = path.read_bytes().replace(
        b"US" + length + b"ba", b"US" + struct.pack("<H", 3) + b"bac"
    )
    path.write_bytes(broken)
    source = read_source(path, "a")
    assert "PregnancyStatus" not in source and source.PatientAge == "044Y"


def test_a_stand_in_shares_no_value_with_its_source(tmp_path: Path) -> None:
    source = read_source(write_dicom(tmp_path / "a.dcm", ramp()), "a")
    rows = source.Rows
    one_frame(source).Rows = 7
    assert source.Rows == rows


def test_the_side_is_that_of_the_image() -> None:
    source, result = Dataset(), Dataset()
    result.Laterality = ""
    put_laterality(source, result)
    assert result.Laterality == "" and "ImageLaterality" not in result
    source.Laterality = "L"
    put_laterality(source, result)
    assert {each.keyword: each.value for each in result} == {"ImageLaterality": "L"}
