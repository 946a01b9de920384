from __future__ import annotations

import pytest

from pipelines.datasets.layouts.path_pattern import read_pattern
from pipelines.errors import InputError


def test_the_group_is_taken_from_the_path() -> None:
    pattern = read_pattern("--group-pattern", r"(patient\d+)")
    assert pattern is not None
    assert pattern.of("train/XR_WRIST/patient00012/study1/image1.png") == "patient00012"
    assert pattern.of("train/image1.png") is None
    assert pattern.unmatched("a.png") == (
        r'image "a.png" does not match --group-pattern (patient\d+); correct the expression, or '
        "take the image out"
    )


def test_an_empty_match_is_none() -> None:
    pattern = read_pattern("--group-pattern", r"(x*)|y(?:z)")
    assert pattern is not None and pattern.of("abc") is None
    assert read_pattern("--group-pattern", None) is None
    assert read_pattern("--group-pattern", "") is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("(a", "--x \\(a is no regular expression: missing \\)"),
        ("a", "has 0 groups; expected one pair of round brackets"),
        ("(a)(b)", "has 2 groups"),
        ("(a{99999999999999999999})", "is no regular expression"),
    ],
)
def test_what_is_no_expression_of_one_group(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_pattern("--x", text)
