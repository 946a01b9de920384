from __future__ import annotations

from typing import Any

import pytest
from pydicom.dataset import Dataset

from pipelines.datasets.layouts.dicom_identity import Identity, reveals, secrets
from pipelines.datasets.layouts.pseudonym import pseudonym


def header(**elements: Any) -> Dataset:
    made = Dataset()
    for keyword, value in elements.items():
        setattr(made, keyword, value)
    return made


def test_a_patient_is_the_same_everywhere_and_another_one_at_another_issuer() -> None:
    group = Identity().group(header(PatientID="4711", StudyInstanceUID="1.2"))
    assert group == pseudonym("4711")
    assert group == Identity().group(header(PatientID=" 4711 ", StudyInstanceUID="1.3"))
    assert group != Identity().group(header(PatientID="4711", IssuerOfPatientID="B"))
    assert group is not None
    assert len(group) == 13


def test_the_study_stands_in_for_a_missing_patient() -> None:
    for missing in ({}, {"PatientID": ""}, {"PatientID": None}):
        study = Identity().group(header(StudyInstanceUID="1.2.3", **missing))
        assert study == pseudonym("1.2.3")
    both = header(PatientID="4711", StudyInstanceUID="1.2.3")
    assert Identity(by="study").group(both) == pseudonym("1.2.3")
    assert Identity().group(header()) is None


def test_salt_changes_every_hash_and_keeping_shows_ids() -> None:
    patient = header(PatientID="4711", IssuerOfPatientID="B")
    salted = {Identity(salt=salt).group(patient) for salt in ("", "a", "b")}
    assert len(salted) == 3
    assert Identity(keep=True).group(patient) == "4711 B"


PATIENT = {
    "PatientName": "Müller^Ann-Marie",
    "PatientID": "12-34 56",
    "PatientBirthDate": "19400305",
    "SOPInstanceUID": "1.2.840.99",
}


@pytest.mark.parametrize(
    "path",
    [
        "benign/mueller_müller.dcm",
        "benign/MÜLLER/1.dcm",
        "benign/annmarie müllerA.dcm",
        "benign/ann.dcm",
        "benign/12-34 56.dcm",
        "benign/x123456_2.dcm",
        "19400305/1.dcm",
        "1940/03/05/1.dcm",
        "a/1.2.840.99",
        "a/IM_1.2.840.99.dcm",
    ],
)
def test_paths_that_give_a_patient_away_are_found(path: str) -> None:
    assert reveals(path, secrets(header(**PATIENT)))


@pytest.mark.parametrize("path", ["benign/1.dcm", "annual/1.dcm", "a/12-34.dcm", "1940/03/x"])
def test_other_paths_stay(path: str) -> None:
    assert not reveals(path, secrets(header(**PATIENT)))


def test_words_that_are_nobody_do_not_count() -> None:
    nobody = header(PatientName="Anonymous^Patient", PatientID="UNKNOWN", StudyID="1")
    assert not reveals("anonymous/patient 1.dcm", secrets(nobody))
    hospital = header(InstitutionName="Hospital Nord", ReferringPhysicianName="Dr^Weiss")
    assert reveals("Hospital Nord/1.dcm", secrets(hospital))
    assert not reveals("Hospital Nord/1.dcm", secrets(hospital, patient_only=True))
    assert not reveals("nord/1.dcm", secrets(hospital))
