from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydicom.data import get_testdata_file

from pipelines.datasets.layouts.dicom_class_tag import class_tag
from pipelines.datasets.layouts.dicom_files import DicomFiles
from pipelines.datasets.layouts.dicom_identity import Identity
from pipelines.datasets.layouts.walk import walk
from tests.pipelines.datasets.made_dicom import ramp, write_dicom


def read(root: Path, **options: Any) -> DicomFiles:
    found = DicomFiles(options.pop("identity", Identity()), **options)
    found.read(walk(root, "dicom"))
    return found


def test_headers_give_codes_and_no_more(tmp_path: Path) -> None:
    write_dicom(
        tmp_path / "a" / "1",
        np.zeros((3, 4, 5), "u1"),
        BodyPartExamined="BREAST",
        ViewPosition="CC",
        Laterality="L",
        ManufacturerModelName="Model X",
        Manufacturer="Maker",
        StudyDescription="free text",
    )
    (file,) = read(tmp_path, tag=class_tag("BodyPartExamined")).files
    assert (str(file.path), file.source, file.frames, file.label) == ("a/1", "a/1", 3, "BREAST")
    assert file.modality == "US"
    assert file.columns == {
        "modality": "US",
        "body_part": "BREAST",
        "view": "CC",
        "laterality": "L",
        "photometric": "MONOCHROME2",
    }


def test_files_with_and_without_a_suffix_are_read_and_others_left_alone(tmp_path: Path) -> None:
    for name in ("a.dcm", "b", "c.DICOM", "1.2.840.5", "IM (1) é.ima"):
        write_dicom(tmp_path / name, ramp())
    write_dicom(tmp_path / "DICOMDIR", ramp())
    for name in ("readme.txt", "VERSION"):
        (tmp_path / name).write_text("no picture")
    Image.fromarray(ramp()).save(tmp_path / "a.png")
    found = read(tmp_path)
    assert [str(file.path) for file in found.files] == [
        "1.2.840.5", "a.dcm", "b", "c.DICOM", "IM (1) é.ima",
    ]  # fmt: skip
    assert found.problems == []
    assert '2 files ("readme.txt", "VERSION") are no DICOM and left alone' in found.warnings


def test_a_pipe_does_not_stop_the_reading(tmp_path: Path) -> None:
    write_dicom(tmp_path / "a", ramp())
    for name in ("pipe", "pipe.dcm"):
        os.mkfifo(tmp_path / name)
    assert len(read(tmp_path).files) == 1


def test_a_file_without_permission_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_dicom(tmp_path / "a", ramp())
    monkeypatch.setattr(os, "access", lambda path, mode: False)

    def denied(*arguments: Any, **options: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", denied)
    (problem,) = read(tmp_path).problems
    assert problem.line == 'file "a" cannot be read: Permission denied'


def test_every_file_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    write_dicom(tmp_path / "good", ramp())
    write_dicom(tmp_path / "ct.dcm", ramp(), Modality="CT")
    write_dicom(tmp_path / "none.dcm", ramp(), Modality=None)
    write_dicom(tmp_path / "large.dcm", ramp(), Rows=65535, Columns=65535)
    (tmp_path / "text.dcm").write_text("no picture")
    (tmp_path / "cut.dcm").write_bytes((tmp_path / "good").read_bytes()[:-9])
    for name in ("reportsi.dcm", "liver_1frame.dcm"):
        (tmp_path / name).write_bytes(Path(str(get_testdata_file(name))).read_bytes())
    found = read(tmp_path)
    assert [str(file.path) for file in found.files] == ["good"]
    said = {problem.source: problem.line for problem in found.problems}
    assert list(said) == [
        "ct.dcm", "cut.dcm", "large.dcm", "liver_1frame.dcm", "none.dcm", "reportsi.dcm",
        "text.dcm",
    ]  # fmt: skip
    assert all(line.startswith(f'file "{name}" ') for name, line in said.items())
    assert "has the modality CT; expected US, CR, DX, MG or a secondary capture" in said["ct.dcm"]
    assert "the modality (none)" in said["none.dcm"]
    assert len(read(tmp_path, any_modality=True).files) == 3


def test_secondary_captures_are_read(tmp_path: Path) -> None:
    write_dicom(tmp_path / "a", ramp(), Modality="OT", SOPClassUID="1.2.840.10008.5.1.4.1.1.7")
    write_dicom(tmp_path / "b", ramp(), SOPClassUID="1.2.840.10008.5.1.4.1.1.7.2", Modality=None)
    assert [file.modality for file in read(tmp_path).files] == ["OT", "OT"]


def test_names_that_give_away_are_hidden(tmp_path: Path) -> None:
    write_dicom(tmp_path / "meier" / "1.dcm", ramp(), PatientName="Meier^A")
    write_dicom(tmp_path / "meier" / "2.dcm", ramp(), PatientName="Huber^B")
    found = read(tmp_path)
    assert all(file.source.startswith("hidden-") for file in found.files)
    assert [file.names_patient for file in found.files] == [(True,), (False,)]
    sources = ", ".join(f'"{file.source}"' for file in found.files)
    assert f"files ({sources}) are recorded under a hash of the path" in found.warnings[0]
    assert not any("meier" in line for line in found.warnings)
    kept = read(tmp_path, identity=Identity(keep=True))
    assert (kept.files[0].source, kept.files[0].names_patient) == ("meier/1.dcm", (False,))
    assert any("--keep-ids: the dataset holds patient ids" in line for line in kept.warnings)


def test_several_modalities_are_counted(tmp_path: Path) -> None:
    for name, modality in (("a", "US"), ("b", "US"), ("c", "DX"), ("d", "Dr Meier's")):
        capture = "1.2.840.10008.5.1.4.1.1.7"
        write_dicom(tmp_path / name, ramp(), Modality=modality, SOPClassUID=capture)
    line = "the files are of several modalities (2 of US, 1 of DX, 1 of others)"
    assert any(each.startswith(line) for each in read(tmp_path).warnings)
    (tmp_path / "c").unlink()
    (tmp_path / "d").unlink()
    assert not any("modalities" in each for each in read(tmp_path).warnings)


def test_a_column_that_gives_away_is_left_out(tmp_path: Path) -> None:
    write_dicom(
        tmp_path / "a",
        ramp(),
        PatientName="Meier",
        ManufacturerModelName="Practice of Dr Meier",
        ViewPosition="MEIER",
        BodyPartExamined="BREAST MUELLER",
    )
    kept = read(tmp_path).files[0].columns
    assert kept == {"modality": "US", "photometric": "MONOCHROME2"}


@pytest.mark.parametrize(
    ("modality", "elements", "warned"),
    [
        ("US", {}, True),
        ("US", {"BurnedInAnnotation": "NO"}, False),
        ("DX", {}, False),
        ("DX", {"BurnedInAnnotation": "YES"}, True),
    ],
)
def test_burnt_in_text_is_expected_of_screens(
    tmp_path: Path, modality: str, elements: dict[str, Any], warned: bool
) -> None:
    write_dicom(tmp_path / "a", ramp(), Modality=modality, **elements)
    assert any("burnt-in text" in line for line in read(tmp_path).warnings) is warned


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ({"BurnedInAnnotation": "YES"}, "burnt-in text"),
        ({"PixelAspectRatio": ["4", "3"]}, '"a (4:3)" is stored with pixels that are not square'),
    ],
)
def test_what_is_odd_is_said(tmp_path: Path, elements: dict[str, Any], expected: str) -> None:
    write_dicom(tmp_path / "a", ramp(), **elements)
    assert any(expected in line for line in read(tmp_path).warnings)


def test_one_patient_for_all_is_said(tmp_path: Path) -> None:
    for number in range(3):
        write_dicom(
            tmp_path / str(number),
            ramp(),
            StudyInstanceUID=f"1.2.{number}",
            BurnedInAnnotation="NO",
        )
    assert "--group-by study tells them apart" in read(tmp_path).warnings[0]
    assert read(tmp_path, identity=Identity(by="study")).warnings == []
