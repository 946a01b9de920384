"""Whose image a file is, as far as its header tells."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from typing import NamedTuple

from pydicom.dataset import Dataset

from pipelines.datasets.sources.dicom_header import text


class Patient(NamedTuple):
    """What tells patients apart, as it is compared; empty where it is not stated.

    The names of the fields are DICOM's, so that messages name the element and never the person.
    """

    PatientID: str
    IssuerOfPatientID: str
    PatientName: str
    PatientBirthDate: str


NOBODY = Patient("", "", "", "")


def read_patient(elements: Dataset) -> Patient:
    """Reads a patient from a header."""
    name = text(elements, "PatientName").split("=")[0]
    return Patient(
        text(elements, "PatientID"),
        text(elements, "IssuerOfPatientID"),
        " ".join(name.replace("^", " ").casefold().split()),
        text(elements, "PatientBirthDate").replace(".", ""),
    )


def conflict(patients: Iterable[Patient]) -> tuple[str, ...]:
    """Gives the elements that say that several patients are meant; none where it may be one.

    An element that is empty in one header contradicts no other.

    Examples:
        >>> conflict([Patient("1", "", "a", ""), Patient("2", "", "a", ""), NOBODY])
        ('PatientID',)
    """
    found = {
        keyword
        for one, other in combinations(dict.fromkeys(patients), 2)
        for keyword, left, right in zip(Patient._fields, one, other, strict=True)
        if left and right and left != right
    }
    return tuple(keyword for keyword in Patient._fields if keyword in found)
