from __future__ import annotations

import pytest
from pydicom.dataset import Dataset

from pipelines.datasets.layouts.dicom_class_tag import class_tag
from pipelines.errors import InputError


@pytest.mark.parametrize("wanted", ["BodyPartExamined", "0018,0015", "(0018, 0015)", "00180015"])
def test_keywords_and_tags_are_found(wanted: str) -> None:
    found = class_tag(wanted)
    header = Dataset()
    assert (found.keyword, found.label(header)) == ("BodyPartExamined", "")
    header.BodyPartExamined = "Knee "
    assert found.label(header) == "KNEE"


def test_a_device_keeps_its_letters() -> None:
    header = Dataset()
    header.ManufacturerModelName = "Logiq 700"
    assert class_tag("ManufacturerModelName").label(header) == "Logiq 700"


@pytest.mark.parametrize(
    "wanted", ["PatientName", "0010,0020", "StudyDescription", "StudyDate", "InstitutionName"]
)
def test_what_may_identify_a_person_is_refused(wanted: str) -> None:
    with pytest.raises(InputError, match="may identify a person, so it is not copied"):
        class_tag(wanted)


@pytest.mark.parametrize("wanted", ["BodyPart", "9999,0001", "", "0018", "\0"])
def test_what_is_no_element_is_refused(wanted: str) -> None:
    with pytest.raises(InputError, match="no such element in the DICOM standard"):
        class_tag(wanted)
