from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from pipelines.datasets.layouts.dicom import scan, sign
from pipelines.datasets.layouts.pseudonym import pseudonym
from pipelines.datasets.layouts.sample import Request, Scan
from pipelines.errors import InputError
from tests.pipelines.datasets.made_dicom import ramp, write_dicom


def asked(raw: Path, task: str = "classification", **options: Any) -> Scan:
    classes = options.pop("classes", ())
    return scan(raw, Request(task, classes, options=options))


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """Two classes: three files of two patients, one of them with four frames."""
    root = tmp_path / "Ward 7"
    frames = np.stack([ramp(step=step) for step in (1, 2, 3, 4)])
    for name, pixels, patient, part in (
        ("healthy/b (2).dcm", ramp(), "A1", "HAND"),
        ("healthy/b (10)", frames, "A2", "FOOT"),
        ("broken/x/ü.dcm", ramp(), "A1", "FOOT"),
    ):
        clear = {"BodyPartExamined": part, "BurnedInAnnotation": "NO"}
        write_dicom(root / name, pixels, PatientID=patient, **clear)
    return root


def test_folders_are_the_classes_and_patients_the_groups(raw: Path) -> None:
    found = asked(raw)
    assert (found.problems, found.warnings) == ([], [])
    assert [sample.source for sample in found.samples] == [
        "broken/x/ü.dcm", "healthy/b (2).dcm",
        *(f"healthy/b (10)#{frame}" for frame in range(4)),
    ]  # fmt: skip
    assert [sample.category for sample in found.samples] == ["broken"] + ["healthy"] * 5
    assert [sample.group for sample in found.samples] == [pseudonym("A1")] * 2 + [
        pseudonym("A2")
    ] * 4
    assert found.facts.labels == ("broken", "healthy")
    assert (found.facts.name, found.facts.modality, found.facts.channels) == ("ward-7", "US", 1)
    assert "patient ids" in found.facts.grouping
    shown = found.samples[4].image.read("a").pixels
    np.testing.assert_array_equal(shown, ramp(step=3))


def test_options_reach_the_frames(raw: Path) -> None:
    found = asked(raw, frames="middle", window_index="none", bits="16", group_by="study")
    assert [sample.source for sample in found.samples][-1] == "healthy/b (10)#2"
    image: Any = found.samples[0].image
    assert (image.window, image.bits) == (None, 16)
    assert {sample.group for sample in found.samples} == {
        pseudonym("1.2.826.0.1.3680043.8.498.1.2")
    }
    assert "studies" in found.facts.grouping
    assert asked(raw, salt="s").samples[0].group != pseudonym("A1")
    assert asked(raw, keep_ids=True).samples[0].group == "A1"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"frames": "last"}, '--frames is "last"; expected first, middle'),
        ({"window_index": "-1"}, "--window-index -1: expected a whole number"),
        ({"bits": "12"}, "--bits 12: expected 8 or 16"),
        ({"group_by": "ward"}, "--group-by ward: expected patient or study"),
        ({"class_tag": "PatientID"}, "may identify a person"),
        ({"class_tag": "Modality", "csv": "a.csv"}, "both name the classes; give one"),
    ],
)
def test_options_that_mean_nothing_are_refused(
    raw: Path, options: dict[str, Any], expected: str
) -> None:
    with pytest.raises(InputError, match=expected):
        asked(raw, **options)


def test_an_element_names_the_classes(raw: Path) -> None:
    found = asked(raw, class_tag="BodyPartExamined", frames="first")
    assert [(sample.source, sample.category) for sample in found.samples] == [
        ("broken/x/ü.dcm", "FOOT"), ("healthy/b (10)#0", "FOOT"), ("healthy/b (2).dcm", "HAND"),
    ]  # fmt: skip
    write_dicom(raw / "z.dcm", ramp())
    (problem,) = asked(raw, class_tag="0018,0015").problems
    assert problem.line == (
        'file "z.dcm" has no BodyPartExamined in its header; give its class by --csv, or take it '
        "out"
    )


def test_a_table_names_the_classes(raw: Path, tmp_path: Path) -> None:
    table = tmp_path / "labels.csv"
    table.write_text("file;class\nb (2).dcm;no\nhealthy/b (10);yes\nü;yes\n", encoding="utf-8")
    found = asked(raw, csv=str(table), frames="first", image_column="file")
    assert found.problems == []
    assert {sample.source: sample.category for sample in found.samples} == {
        "healthy/b (2).dcm": "no", "healthy/b (10)#0": "yes", "broken/x/ü.dcm": "yes",
    }  # fmt: skip
    table.write_text("file,class\n../b (2).dcm,no\n/etc/passwd,no\nü,yes\nmissing.dcm,no\n")
    lines = [problem.line for problem in asked(raw, csv=str(table), image_column="file").problems]
    assert len(lines) == 3
    assert ".." in lines[0] and "/etc/passwd" in lines[1] and "missing.dcm" in lines[2]


def test_classes_that_are_asked_for_set_the_order_and_others_are_named(raw: Path) -> None:
    assert asked(raw, classes=("healthy", "broken")).facts.labels == ("healthy", "broken")
    found = asked(raw, classes=("healthy", "brokn"))
    assert found.problems[0].line == (
        'file "broken/x/ü.dcm" has the unknown class "broken" (did you mean "brokn"?); expected '
        "healthy, brokn"
    )


def test_files_outside_the_class_folders_are_named(raw: Path) -> None:
    write_dicom(raw / "z.dcm", ramp())
    (problem,) = asked(raw).problems
    assert problem.line.startswith('file "z.dcm" lies outside the class folders')


def test_a_folder_around_the_classes_is_passed(raw: Path) -> None:
    found = asked(raw.parent)
    assert found.facts.labels == ("broken", "healthy")
    assert 'the class folders are those in "Ward 7", the only folder' in found.warnings


def test_patients_are_no_classes(tmp_path: Path) -> None:
    for name in ("meier", "huber"):
        write_dicom(tmp_path / name / "1.dcm", ramp(), PatientName=f"{name}^Anna")
    found = asked(tmp_path)
    assert found.samples == []
    assert all("is called after its patient" in problem.line for problem in found.problems)
    assert all(problem.source.startswith("hidden-") for problem in found.problems)
    assert asked(tmp_path, keep_ids=True).facts.labels == ("huber", "meier")


def test_other_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none does not exist"):
        asked(tmp_path / "none")
    with pytest.raises(InputError, match="is empty; expected RAW/<class>"):
        asked(tmp_path)
    (tmp_path / "readme.txt").write_text("text")
    with pytest.raises(InputError, match="not the dicom layout: expected DICOM files"):
        asked(tmp_path)
    write_dicom(tmp_path / "a.dcm", ramp())
    with pytest.raises(InputError, match="no folders that could name the classes"):
        asked(tmp_path)
    write_dicom(tmp_path / "x" / "b.dcm", ramp())
    (tmp_path / "a.dcm").unlink()
    with pytest.raises(InputError, match=r"of one class only \(x\)"):
        asked(tmp_path)


def test_masks_lie_beside_as_png(tmp_path: Path) -> None:
    mask = (ramp() % 2 * 255).astype(np.uint8)
    for name, beside in (
        ("a.dcm", "a.png"),
        ("1.2.840.7", "1.2.840.7.png"),
        ("c.dcm", "c_mask.png"),
    ):
        write_dicom(tmp_path / name, ramp())
        Image.fromarray(mask).save(tmp_path / beside)
    found = asked(tmp_path, "segmentation")
    assert found.problems == []
    assert [sample.source for sample in found.samples] == ["1.2.840.7", "a.dcm", "c.dcm"]
    assert found.facts.labels == ("background", "foreground")
    for sample in found.samples:
        assert sample.category == "image"
        np.testing.assert_array_equal(sample.masks[0].read("a"), mask // 255)


def test_masks_without_images_and_frames_are_named(tmp_path: Path) -> None:
    for name in ("b.png", "c.png"):
        Image.fromarray(np.zeros((6, 9), np.uint8)).save(tmp_path / name)
    write_dicom(tmp_path / "a.dcm", ramp())
    write_dicom(tmp_path / "c.dcm", np.zeros((2, 6, 9), np.uint8))
    said = {problem.source: problem.line for problem in asked(tmp_path, "segmentation").problems}
    assert 'image "a.dcm" has no mask of its name' in said["a.dcm"]
    assert 'mask "b.png" has no image of its name' in said["b.png"]
    assert 'file "c.dcm" has 2 frames and one mask' in said["c.dcm"]


def test_problems_give_nobody_away(tmp_path: Path) -> None:
    for folder in ("benign", "normal"):
        write_dicom(tmp_path / folder / "Meier" / "1.dcm", ramp(), PatientName="Meier^A")
        (tmp_path / folder / "Meier" / "2.dcm").write_text("no picture")
    write_dicom(tmp_path / "meier_3.dcm", ramp(), PatientName="Meier^A")
    problems = asked(tmp_path).problems
    assert len(problems) == 3
    assert "meier" not in str(problems).casefold()
    assert problems[0].line.startswith(f'file "{problems[0].source}" is no DICOM file')
    kept = asked(tmp_path, keep_ids=True).problems
    assert kept[0].source == "benign/Meier/2.dcm"
    masks = tmp_path / "masks"
    write_dicom(masks / "meier.dcm", ramp(), PatientName="Meier^A")
    write_dicom(masks / "a.dcm", ramp(), PatientName="Meier^A")
    for name in ("meier_mask.png", "b.png"):
        Image.fromarray(ramp() % 2).save(masks / name)
    found = asked(masks, "segmentation")
    assert "meier" not in str(found.problems).casefold()
    assert getattr(found.samples[0].masks[0], "source", None) == ""


SECRETS = {
    "PatientName": "Zimmermann^Adelheid^^Dr",
    "PatientID": "MRN-8841",
    "IssuerOfPatientID": "Klinikverbund",
    "OtherPatientIDs": "AOK55512",
    "PatientBirthDate": "19310417",
    "PatientAddress": "Gartenweg 12",
    "PatientComments": "sister of Mrs Novak",
    "AccessionNumber": "ACC77120",
    "StudyID": "ST4411",
    "StudyDate": "20190823",
    "StudyTime": "111213",
    "StudyDescription": "Follow-up after Whipple",
    "SeriesDescription": "transverse left",
    "ReferringPhysicianName": "Okonkwo^Chidi",
    "PerformingPhysicianName": "Lindqvist^Bo",
    "OperatorsName": "Baptiste^Jean",
    "InstitutionName": "Sankt Elisabeth",
    "InstitutionAddress": "Ringstrasse 5",
    "StationName": "SONO-EG-3",
    "DeviceSerialNumber": "SN0099887",
    "StudyInstanceUID": "1.2.826.0.1.77.1",
    "SeriesInstanceUID": "1.2.826.0.1.77.2",
    "SOPInstanceUID": "1.2.826.0.1.77.3",
    "ImageComments": "burnt in",
    "ProtocolName": "Private protocol",
}


def test_nothing_that_identifies_is_copied(tmp_path: Path) -> None:
    root = tmp_path / "set"
    for folder in ("benign", "normal"):
        write_dicom(root / folder / "1.dcm", ramp(), **SECRETS)
        write_dicom(root / folder / "Adelheid Z" / "2.dcm", ramp(), **SECRETS)
        write_dicom(root / folder / "1.2.826.0.1.77.3.dcm", ramp(), **SECRETS)
    found = asked(root)
    assert len(found.samples) == 6
    kept = [
        {**asdict(sample), "columns": dict(sample.columns), "image": None}
        for sample in found.samples
    ]
    pictures = [vars_of(sample.image.read("a")) for sample in found.samples]
    output = json.dumps([kept, asdict(found.facts), pictures], default=str).casefold()
    for secret in SECRETS.values():
        for word in str(secret).replace("^", " ").split():
            assert len(word) < 4 or word.casefold() not in output, word


def vars_of(picture: Any) -> list[Any]:
    return [picture.flags, picture.spacing, picture.pixels.shape]


def test_a_sign_is_a_suffix_or_the_magic_word(tmp_path: Path) -> None:
    write_dicom(tmp_path / "IM1", ramp())
    (tmp_path / "readme").write_text("text")
    files = [PurePosixPath("readme"), PurePosixPath("IM1")]
    assert sign(tmp_path, files) == "DICOM files without a suffix"
    assert sign(tmp_path, files[:1]) is None
    assert sign(tmp_path, [PurePosixPath("a/DICOMDIR")]) == "DICOMDIR"
    assert sign(tmp_path, [PurePosixPath("a.png"), PurePosixPath("meier/b.DCM")]) == "*.DCM"


def test_two_files_with_one_mask_are_not_used(tmp_path: Path) -> None:
    for name in ("1", "1.dcm", "2.dcm"):
        write_dicom(tmp_path / name, ramp())
    for name in ("1", "2"):
        Image.fromarray(np.eye(*ramp().shape, dtype=np.uint8)).save(tmp_path / f"{name}.png")
    found = scan(tmp_path, Request("segmentation"))
    assert [each.source for each in found.samples] == ["2.dcm"]
    line = 'files "1" and "1.dcm" share one name and one mask; rename one with its mask'
    assert {each.source: each.line for each in found.problems} == {"1": line, "1.dcm": line}


def test_no_message_names_a_patient(tmp_path: Path) -> None:
    for name in ("meier_1", "meier_2"):
        write_dicom(tmp_path / "a" / f"{name}.dcm", ramp(), PatientName="Meier^A")
    write_dicom(tmp_path / "b" / "1.dcm", ramp(), PatientName="Huber^B")
    (tmp_path / "b" / "meier_1").write_text("a report")
    (tmp_path / "labels.csv").write_text("image,class\na/meier_1.dcm,x\nb/1.dcm,y\n")
    for options in ({}, {"csv": "labels.csv"}):
        found = scan(tmp_path, Request("classification", options=options))
        said = [*found.warnings, *(problem.line for problem in found.problems)]
        assert not [line for line in said if "meier" in line.casefold()]
        assert any('2 files ("hidden-' in line for line in said)
    kept = scan(tmp_path, Request("classification", options={"keep_ids": True}))
    assert any("meier_1" in line for line in kept.warnings)


@given(data=st.data())
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_broken_files_become_problems(tmp_path: Path, data: st.DataObject) -> None:
    content = bytearray(write_dicom(tmp_path / "good" / "a.dcm", ramp()).read_bytes())
    for _ in range(data.draw(st.integers(1, 20))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    (tmp_path / "bad").mkdir(exist_ok=True)
    (tmp_path / "bad" / "b.dcm").write_bytes(content[: data.draw(st.integers(0, len(content)))])
    try:
        found = asked(tmp_path)
    except InputError:
        return
    assert len(found.problems) + len(found.samples) >= 2


REAL = Path(os.environ.get("MED2D_DATA", Path(__file__).parents[5] / "shared" / "data")) / "dicom"


@pytest.mark.realdata
@pytest.mark.skipif(not REAL.is_dir(), reason="no real images here")
def test_the_real_files() -> None:
    found = asked(REAL, class_tag="Modality")
    assert found.problems == []
    assert found.facts.modality == "US"
    assert [sample.category for sample in found.samples] == ["CR"] * 2 + ["US"] * 4
    groups = [sample.group for sample in found.samples]
    assert len(set(groups)) == 5  # two files are of one patient
    hidden = [sample for sample in found.samples if sample.source.startswith("hidden-")]
    assert len(hidden) == 4  # called RG1, RG3 and US1, as their patients are
    output = json.dumps([[each.source, each.group, dict(each.columns)] for each in found.samples])
    for secret in ("CompressedSamples", "9RG1", "13US1", "98279", "BAPTIST", "Hamburg", "HIGASHI"):
        assert secret not in output


def test_what_belongs_to_a_broken_file_is_no_further_problem(tmp_path: Path) -> None:
    for name in "abc":
        write_dicom(tmp_path / f"{name}.dcm", ramp(dtype="u1"))
        Image.fromarray(ramp() % 2).save(tmp_path / f"{name}.png")
    (tmp_path / "a.png").unlink()
    for name in "ab":
        path = tmp_path / f"{name}.dcm"
        path.write_bytes(path.read_bytes()[:-20])
    found = asked(tmp_path, "segmentation")
    assert [problem.source for problem in found.problems] == ["a.dcm", "b.dcm"]
    assert all("is truncated" in problem.line for problem in found.problems)
    assert [sample.source for sample in found.samples] == ["c.dcm"]
    (tmp_path / "t.csv").write_text("image,label\na,x\nb,y\nc,x\n")
    found = asked(tmp_path, csv="t.csv")
    assert [problem.source for problem in found.problems] == ["a.dcm", "b.dcm"]
    assert [(sample.source, sample.category) for sample in found.samples] == [("c.dcm", "x")]
