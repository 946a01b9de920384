from __future__ import annotations

import pytest

from pipelines.deployment.app.code import Code, private_code, read_code
from pipelines.errors import InputError


def test_a_code_is_read_and_given_to_pydicom() -> None:
    code = read_code({"code": "4147007", "scheme": "SCT", "meaning": "Mass"}, "here")
    assert code == Code("4147007", "SCT", "Mass")
    assert code.dicom.value == "4147007" and code.dicom.meaning == "Mass"


@pytest.mark.parametrize("content", [None, "4147007", {"code": 1, "scheme": "S", "meaning": "m"}])
def test_what_is_no_code_is_refused(content: object) -> None:
    with pytest.raises(InputError, match=r"here is .*expected code, scheme"):
        read_code(content, "here")


def test_own_codes_fit_and_differ() -> None:
    long = [private_code("Probability of the class " + "x" * 60 + end) for end in "ab"]
    for code in (*long, private_code("é"), private_code("Fetal brain")):
        assert 0 < len(code.code) <= 16 and len(code.meaning) <= 64
        assert code.scheme == "99MED2D"
    assert long[0].code != long[1].code
