from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from pipelines.bundles import bundle_root
from pipelines.deployment.app.intended_use import NO_BODY_PART, IntendedUse, intended_use
from pipelines.deployment.app.study import (
    FOR_PROCESSING,
    UNKNOWN_CHARACTERS,
    UNKNOWN_SEX,
    read_study,
)
from pipelines.deployment.array_answerer import read_configuration
from pipelines.errors import InputError
from tests.pipelines.datasets.made_dicom import ramp, write_dicom


@pytest.fixture
def use() -> IntendedUse:
    root = bundle_root("breast_us_segmentation")
    return intended_use(read_configuration(root, "configs/metadata.json"), "metadata.json")


def _write(path: Path, **elements: Any) -> Path:
    values = {"SOPInstanceUID": generate_uid(), "BodyPartExamined": "BREAST", **elements}
    if values["BodyPartExamined"] is None:
        del values["BodyPartExamined"]
    return write_dicom(path, ramp(), **values)


def test_each_file_is_left_out_for_its_own_reason(study: Path, use: IntendedUse) -> None:
    left = {each.name: (each.kind, each.reason) for each in read_study(study, use).left_out}
    expected = {
        "other_part.dcm": ("refused", "shows the body part HEART; the model is meant for BREAST"),
        "other_modality.dcm": ("refused", "has the modality CT; the model is meant for US"),
        "no_pixels.dcm": ("no image", "holds no pixels (Basic Text SR)"),
        "pixels_lost.dcm": ("damaged", "has no pixels, though it is of the kind Ultrasound Image"),
        "no_codec.dcm": ("damaged", "compressed as JPEG 2000 Part 2 Multi-component"),
        "truncated.dcm": ("damaged", "is truncated: "),
        "notes.txt": ("not DICOM", "is no DICOM file"),
    }
    for name, (kind, words) in expected.items():
        assert left[name][0] == kind, left[name]
        assert words in left[name][1] and f'"{name}"' in left[name][1]


def test_images_come_in_the_order_of_their_series(use: IntendedUse, tmp_path: Path) -> None:
    for name, series, number in (("c", 1, 2), ("a", 2, 1), ("b", 1, 10)):
        _write(tmp_path / f"{name}.dcm", SeriesNumber=series, InstanceNumber=number)
    assert [image.name for image in read_study(tmp_path, use).images] == [
        "c.dcm",
        "b.dcm",
        "a.dcm",
    ]


def test_a_copy_is_answered_once(use: IntendedUse, tmp_path: Path) -> None:
    _write(tmp_path / "a.dcm", SOPInstanceUID="1.2.3")
    _write(tmp_path / "deep" / "b.dcm", SOPInstanceUID="1.2.3")
    found = read_study(tmp_path, use)
    assert [image.name for image in found.images] == ["a.dcm"]
    (left,) = found.left_out
    assert left.reason == 'file "deep/b.dcm" holds the same image as "a.dcm"'


def test_files_without_a_study_cannot_be_linked(use: IntendedUse, tmp_path: Path) -> None:
    _write(tmp_path / "a.dcm", StudyInstanceUID=None)
    (left,) = read_study(tmp_path, use).left_out
    assert left.kind == "damaged" and "has no StudyInstanceUID, so no result" in left.reason


def test_the_body_part_may_be_told_by_a_region_or_by_several_words(
    use: IntendedUse, tmp_path: Path
) -> None:
    region = Dataset()
    region.CodeValue, region.CodingSchemeDesignator = "76752008", "SCT"
    region.CodeMeaning = "Breast"
    _write(tmp_path / "a.dcm", BodyPartExamined=None, AnatomicRegionSequence=[region])
    _write(tmp_path / "b.dcm", BodyPartExamined="BREAST LEFT")
    _write(tmp_path / "c.dcm", BodyPartExamined=None)
    marks = {image.name: image.marks for image in read_study(tmp_path, use).images}
    assert marks == {"a.dcm": (), "b.dcm": (), "c.dcm": (NO_BODY_PART,)}


def test_images_for_processing_are_marked(use: IntendedUse, tmp_path: Path) -> None:
    _write(tmp_path / "a.dcm", PresentationIntentType="FOR PROCESSING")
    (image,) = read_study(tmp_path, use).images
    assert image.marks == (FOR_PROCESSING,)


def test_what_is_no_file_is_told_of(use: IntendedUse, tmp_path: Path) -> None:
    (tmp_path / "link.dcm").symlink_to(tmp_path / "nowhere")
    (tmp_path / "words.dcm").write_text("words, and more than a header has: " + "x" * 200)
    (tmp_path / "empty.dcm").touch()
    left = {each.name: each.kind for each in read_study(tmp_path, use).left_out}
    assert left == {"link.dcm": "not DICOM", "words.dcm": "not DICOM", "empty.dcm": "damaged"}


def test_a_single_file_is_a_study(use: IntendedUse, tmp_path: Path) -> None:
    assert len(read_study(_write(tmp_path / "a.dcm"), use).images) == 1


def test_frames_are_counted_without_reading_them(use: IntendedUse, tmp_path: Path) -> None:
    write_dicom(tmp_path / "a.dcm", np.zeros((500, 4, 6), np.uint8), BodyPartExamined="BREAST")
    (image,) = read_study(tmp_path, use).images
    assert image.frames == 500


@pytest.mark.parametrize(("name", "words"), [("none", "is not there"), ("empty", "is empty")])
def test_a_folder_without_files_is_refused(
    use: IntendedUse, tmp_path: Path, name: str, words: str
) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=f"{words}.*expected"):
        read_study(tmp_path / name, use)


def test_a_study_of_two_patients_is_refused_and_others_are_not(
    use: IntendedUse, tmp_path: Path
) -> None:
    for name, study, patient in (("a", "1.2", "P1"), ("b", "1.2", "P2"), ("c", "1.3", "P1")):
        _write(tmp_path / f"{name}.dcm", StudyInstanceUID=study, PatientID=patient)
    found = read_study(tmp_path, use)
    assert [image.name for image in found.images] == ["c.dcm"]
    assert [each.name for each in found.left_out] == ["a.dcm", "b.dcm"]
    for left in found.left_out:
        assert left.kind == "refused" and "of several patients (they differ in PatientID)" in (
            left.reason
        )


def test_a_copy_with_another_patient_is_no_copy(use: IntendedUse, tmp_path: Path) -> None:
    for name, patient in (("a", "P1"), ("b", "P2")):
        _write(tmp_path / f"{name}.dcm", SOPInstanceUID="1.2.3", PatientID=patient)
    assert read_study(tmp_path, use).images == []


def test_what_a_header_may_not_say_is_marked(use: IntendedUse, tmp_path: Path) -> None:
    _write(tmp_path / "a.dcm", PatientSex="W")
    _write(tmp_path / "b.dcm", SpecificCharacterSet="ISO_IR 999")
    _write(tmp_path / "c.dcm", SpecificCharacterSet=["", "ISO 2022 IR 87"], PatientSex="F")
    marks = [image.marks for image in read_study(tmp_path, use).images]
    assert marks == [(UNKNOWN_SEX,), (UNKNOWN_CHARACTERS,), ()]


def test_a_name_that_is_no_utf8_is_spelt_out(use: IntendedUse, tmp_path: Path) -> None:
    made = _write(tmp_path / "a.dcm")
    made.rename(tmp_path / os.fsdecode(b"M\xfcller.dcm"))
    (image,) = read_study(tmp_path, use).images
    assert image.name == "M\\xfcller.dcm" and image.path.is_file()


def test_a_link_back_is_followed_once_and_told_of(use: IntendedUse, tmp_path: Path) -> None:
    _write(tmp_path / "in" / "a.dcm")
    _write(tmp_path / "other" / "b.dcm")
    (tmp_path / "in" / "loop").symlink_to(tmp_path / "in")
    (tmp_path / "in" / "further").symlink_to(tmp_path / "other")
    found = read_study(tmp_path / "in", use)
    assert {image.name for image in found.images} == {"a.dcm", "further/b.dcm"}
    (left,) = found.left_out
    assert (left.name, left.kind) == ("loop", "not read")


def test_a_folder_that_cannot_be_read_is_told_of(
    use: IntendedUse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _write(tmp_path / "a.dcm")
    closed = _write(tmp_path / "closed" / "b.dcm").parent
    scan = os.scandir

    def denied(path: str) -> object:
        if Path(path) == closed:
            raise PermissionError(13, "Permission denied", path)
        return scan(path)

    monkeypatch.setattr(os, "scandir", denied)
    (left,) = read_study(tmp_path, use).left_out
    assert (left.name, left.kind) == ("closed", "not read") and "Permission denied" in left.reason


def test_files_of_a_folder_that_cannot_be_entered_are_told_of(
    use: IntendedUse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As by chmod 444: the names can be listed, but none can be looked at."""
    _write(tmp_path / "a.dcm")
    closed = _write(tmp_path / "closed" / "b.dcm").parent
    (closed / "deeper").mkdir()
    look = Path.stat

    def denied(path: Path, **more: Any) -> os.stat_result:
        if closed in path.parents:
            raise PermissionError(13, "Permission denied", str(path))
        return look(path, **more)

    monkeypatch.setattr(Path, "stat", denied)
    found = read_study(tmp_path, use)
    assert [image.name for image in found.images] == ["a.dcm"]
    (left,) = found.left_out
    assert (left.name, left.kind) == ("closed/b.dcm", "not read")
    assert left.reason.startswith('file "closed/b.dcm" cannot be read (Permission denied); change')
