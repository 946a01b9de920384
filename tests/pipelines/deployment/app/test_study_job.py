"""A study on its way: what is answered, what is refused, and results of odd headers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from highdicom.sr import srread
from pydicom import config, dcmread
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import JPEGBaseline8Bit

from pipelines.deployment.app.report_groups import NOT_ANSWERED
from pipelines.deployment.app.study_job import prepare
from pipelines.deployment.made_study import BAD, IMAGES, made_file, write_study
from pipelines.errors import InputError
from tests.pipelines.deployment.app.conftest import Answered, answer_study
from tests.pipelines.deployment.app.made_package import SMALLEST, made_package

Answer = Callable[..., tuple[dict[str, Any], dict[str, Dataset]]]

STILL, LOSSY, CLIP = IMAGES[0], IMAGES[2], IMAGES[5]
NAME = "Yamada^Tarou=山田^太郎"
ULTRASOUND = {file.name for file in IMAGES if file.modality == "US"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("breast_us_classification", ULTRASOUND),
        ("breast_us_segmentation", ULTRASOUND),
        ("fetal_plane_classification", {"us_no_body_part.dcm"}),
        ("bone_xray_classification", {"dx_monochrome1.dcm", "cr.dcm"}),
        ("tissue_segmentation", {"photograph.dcm"}),
    ],
)
def test_each_bundle_answers_what_it_is_meant_for(
    answered: Callable[[str], Answered], name: str, expected: set[str]
) -> None:
    assert name in SMALLEST
    done = answered(name)
    assert {each["file"] for each in done.summary["images"]} == expected
    assert all(len(each["answers"]) == each["frames"] for each in done.summary["images"])
    assert not any(each["failed"] or each["unanswered"] for each in done.summary["images"])
    frames = sum(each["frames"] for each in done.summary["images"])
    assert done.line.startswith(f"{frames} frame")


def test_mammograms_are_answered_by_a_model_that_is_meant_for_them(
    study: Path, tmp_path: Path
) -> None:
    use = {"modalities": ["MG"], "body_parts": ["BREAST"], "anatomy": None, "classes": {}}
    package = made_package("breast_us_classification", tmp_path / "package", dicom=use)
    assert answer_study(study, tmp_path / "out", package).startswith("1 frame of 1 image answered")


def test_every_result_belongs_to_the_study_and_says_who_made_it(
    answered: Callable[[str], Answered],
) -> None:
    done = answered("breast_us_segmentation")
    source = dcmread(done.study / "us_grey.dcm")
    series = {}
    for name in done.summary["files"]:
        result = dcmread(done.folder / name)
        assert result.StudyInstanceUID == source.StudyInstanceUID
        assert (result.PatientID, result.PatientName) == (source.PatientID, source.PatientName)
        assert result.SeriesInstanceUID != source.SeriesInstanceUID
        assert result.Manufacturer == "med2d" and "research use only" in result.SeriesDescription
        assert result.ManufacturerModelName == "Breast ultrasound tumour segmentation"
        assert result.SoftwareVersions.startswith("0.1.0 (med2d ")
        series.setdefault(result.Modality, set()).add(result.SeriesInstanceUID)
    assert {kind: len(uids) for kind, uids in series.items()} == {"SEG": 1, "SR": 1, "OT": 1}


def test_results_are_not_answered_again(
    answered: Callable[[str], Answered], package: Callable[[str], Path], tmp_path: Path
) -> None:
    done = answered("tissue_segmentation")
    with pytest.raises(InputError, match="no image could be answered: 1 file not DICOM, 3 files"):
        answer_study(done.folder, tmp_path / "out", package("tissue_segmentation"))
    assert (tmp_path / "out" / "summary.json").is_file()


def test_bad_files_alone_are_answered_by_one_line(
    package: Callable[[str], Path], tmp_path: Path
) -> None:
    write_study(tmp_path / "bad", BAD)
    with pytest.raises(InputError) as caught:
        answer_study(tmp_path / "bad", tmp_path / "out", package("breast_us_segmentation"))
    assert "2 files damaged, 1 file no image, 2 files refused. First: file " in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_header_that_cannot_be_copied_stops_no_other_image(
    package: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipelines.deployment.app import capture_writer
    from transforms.picture import PictureError

    read = capture_writer.read_source

    def fails(path: Path, name: str) -> object:
        if path.name == "us_grey.dcm":
            raise PictureError(f"{name} is odd")
        return read(path, name)

    monkeypatch.setattr(capture_writer, "read_source", fails)
    write_study(tmp_path / "in", IMAGES[:2])
    line = answer_study(tmp_path / "in", tmp_path / "out", package("breast_us_classification"))
    assert "2 frames of 2 images answered; 1 result not written" in line
    assert len(list((tmp_path / "out").glob("capture_*.dcm"))) == 1


def test_a_filled_folder_is_left_alone(package: Callable[[str], Path], study: Path) -> None:
    with pytest.raises(InputError, match="is not empty"):
        prepare(study, study, package("breast_us_classification"))


@pytest.fixture
def answer(package: Callable[[str], Path], tmp_path: Path) -> Answer:
    """Answers one made file by the segmentation; gives the summary and the results by kind."""

    def of(file: Any, change: Callable[[Dataset], None] | None = None, **elements: Any) -> Any:
        header = made_file(file, 1)
        for keyword, value in elements.items():
            setattr(header, keyword, value)
        if change:
            change(header)
        (tmp_path / "in").mkdir()
        header.save_as(tmp_path / "in" / "a.dcm", enforce_file_format=True)
        answer_study(tmp_path / "in", tmp_path / "out", package("breast_us_segmentation"), "cpu")
        summary = json.loads((tmp_path / "out" / "summary.json").read_text(encoding="utf-8"))
        return summary, {
            name.split("_")[0]: dcmread(tmp_path / "out" / name) for name in summary["files"]
        }

    return of


@pytest.mark.parametrize("sets", [["", "ISO 2022 IR 87"], "ISO_IR 999"])
def test_results_are_made_of_any_character_set(
    answer: Answer, monkeypatch: pytest.MonkeyPatch, sets: Any
) -> None:
    monkeypatch.setattr(config.settings, "writing_validation_mode", config.IGNORE)
    name = NAME if isinstance(sets, list) else "MADE^NOBODY"
    summary, results = answer(STILL, SpecificCharacterSet=sets, PatientName=name, PatientSex="W")
    assert set(results) == {"segmentation", "report", "capture"}
    for result in results.values():
        assert (result.PatientName, result.PatientSex) == (name, "")
        assert result.SpecificCharacterSet == "ISO_IR 192"
    assert any("PatientSex" in mark for mark in summary["images"][0]["marks"])


def test_results_tell_the_side_and_what_was_lost(answer: Answer) -> None:
    told = {"StudyDescription": "US", "IssuerOfPatientID": "A", "PatientAge": "044Y"}
    _, results = answer(LOSSY, ImageLaterality="R", LossyImageCompressionRatio=12.5, **told)
    for result in results.values():
        assert {keyword: result[keyword].value for keyword in told} == told
    capture = results["capture"]
    assert capture.ImageLaterality == results["segmentation"].ImageLaterality == "R"
    assert (capture.LossyImageCompression, capture.LossyImageCompressionRatio) == ("01", 12.5)
    assert "Laterality" in str(results["report"]) and "24028007" in str(results["report"])


def test_regions_are_measured_in_the_spacing_of_their_frame(answer: Answer) -> None:
    def spaced(header: Dataset) -> None:
        del header.SequenceOfUltrasoundRegions
        header.PerFrameFunctionalGroupsSequence = [_group(0.1 * n) for n in range(1, 7)]

    summary, _ = answer(CLIP, spaced)
    for said in summary["images"][0]["answers"][1:]:
        assert said["spacing_mm"] == [pytest.approx(0.1 * said["frame"])] * 2
        for region in said["regions"]:
            expected = region["pixels"] * (0.1 * said["frame"]) ** 2
            assert region["area"]["value"] == pytest.approx(expected, abs=1e-3)
    assert sum(len(said["regions"]) for said in summary["images"][0]["answers"][1:])


def _group(spacing: float) -> Dataset:
    group, measures = Dataset(), Dataset()
    measures.PixelSpacing = [spacing, spacing]
    group.PixelMeasuresSequence = [measures]
    return group


def test_a_report_tells_which_frames_were_not_answered(answer: Answer, tmp_path: Path) -> None:
    def broken(header: Dataset) -> None:
        header.PixelData = encapsulate([b"\xff\xd8" + bytes(40)] * 6)
        header["PixelData"].VR, header["PixelData"].is_undefined_length = "OB", True
        header.file_meta.TransferSyntaxUID = JPEGBaseline8Bit

    with pytest.raises(ValueError, match="no image could be answered"):
        answer(CLIP, broken)
    groups = srread(tmp_path / "out" / "report_0001.dcm").content.get_image_measurement_groups()
    notes = [each.get_qualitative_evaluations()[0].value.meaning for each in groups]
    assert notes == [NOT_ANSWERED] * 6
    assert groups[3].tracking_identifier == "instance 1, frame 4"


def test_no_content_of_a_report_goes_into_that_of_the_next_study(
    package: Callable[[str], Path], tmp_path: Path
) -> None:
    """The last image of the first study goes while it is answered."""
    folder = tmp_path / "in"
    folder.mkdir()
    for number, (name, study, patient) in enumerate(
        (("a1", "1.2", "P1"), ("a2", "1.2", "P1"), ("b", "1.3", "P2")), 1
    ):
        header = made_file(STILL, number)
        header.StudyInstanceUID, header.PatientID, header.SOPInstanceUID = (
            *(study, patient),
            f"1.2.3.{number}",
        )
        header.save_as(folder / f"{name}.dcm", enforce_file_format=True)
    job = prepare(folder, tmp_path / "out", package("breast_us_classification"), "cpu")
    for frame in job.frames():
        answered = job.answer(frame)
        if frame.image.name == "a2.dcm":
            frame.image.path.unlink()
        for writer in job.writers:
            job.write(answered, writer)
    assert "2 results not written" in job.finish() and not job.is_complete
    reports = [dcmread(path) for path in sorted((tmp_path / "out").glob("report_*.dcm"))]
    assert [(each.PatientID, each.StudyInstanceUID) for each in reports] == [
        ("P1", "1.2"),
        ("P2", "1.3"),
    ]
    assert ["1.2.3.1" in str(each) for each in reports] == [True, False]
