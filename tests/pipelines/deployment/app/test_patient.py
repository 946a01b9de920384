from __future__ import annotations

from pydicom.dataset import Dataset

from pipelines.deployment.app.patient import NOBODY, Patient, conflict, read_patient

ONE = Patient("1", "A", "one a", "19700101")


def test_what_differs_is_named_by_its_element() -> None:
    assert conflict([ONE, ONE._replace(PatientID="2")]) == ("PatientID",)
    assert conflict([ONE, ONE._replace(IssuerOfPatientID="B")]) == ("IssuerOfPatientID",)
    other = ONE._replace(PatientBirthDate="19710101", PatientName="two b")
    assert conflict([ONE, other]) == ("PatientName", "PatientBirthDate")


def test_what_is_not_stated_contradicts_nobody() -> None:
    assert conflict([ONE, NOBODY, ONE._replace(PatientName="")]) == ()
    assert conflict([]) == conflict([ONE]) == ()


def test_one_name_may_be_written_in_several_ways() -> None:
    first, second = Dataset(), Dataset()
    first.PatientName, second.PatientName = "One^A", "ONE^A^^"
    first.PatientBirthDate = "19700101"
    assert conflict([read_patient(first), read_patient(second)]) == ()
