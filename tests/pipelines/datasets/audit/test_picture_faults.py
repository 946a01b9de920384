from __future__ import annotations

from typing import Any

import pytest

from pipelines.datasets.audit.finding import Finding
from pipelines.datasets.audit.picture_faults import picture_faults
from tests.pipelines.datasets.audit.made_cases import by_check, case, masked, numbers


def found(**changes: Any) -> dict[str, Finding]:
    """What is found of ten images, of which number 4 is changed."""
    cases = [case(n, **(changes if n == 4 else {})) for n in range(10)]
    return by_check(picture_faults(cases, 1))


def test_sound_images_give_no_finding() -> None:
    assert found() == {}


@pytest.mark.parametrize(
    ("check", "severity", "changes"),
    [
        ("unreadable-image", "error", {"problem": "images/a_0004.png is truncated"}),
        ("changed-file", "error", {"changed": True}),
        ("constant-image", "warning", {"lowest": 7, "highest": 7, "content": 0.0}),
        ("blank-image", "warning", {"lowest": 7, "highest": 9, "content": 0.001}),
        ("unexpected-colour", "error", {"channels": 3}),
        ("mixed-depth", "warning", {"depth": 16}),
    ],
)
def test_each_fault_is_found_and_named(check: str, severity: str, changes: dict[str, Any]) -> None:
    (finding,) = found(**changes).values()
    assert (finding.check, finding.severity, numbers(finding)) == (check, severity, [4])


def test_the_reason_why_an_image_cannot_be_read_is_kept() -> None:
    finding = found(problem="it is torn")["unreadable-image"]
    assert finding.details["problems"] == {"images/a_0004.png": "it is torn"}


def test_colours_are_expected_in_a_colour_dataset_and_grey_does_no_harm_there() -> None:
    cases = [case(n, channels=3 if n else 1) for n in range(4)]
    assert picture_faults(cases, 3) == []


def test_a_size_that_is_not_the_recorded_one_is_found() -> None:
    cases = [case(0), case(1)]
    cases[1].item["width"] = 41
    checks = by_check(picture_faults(cases, 1))
    assert numbers(checks["recorded-size"]) == [1] and len(checks) == 1


def test_a_changed_mask_counts_as_a_changed_file() -> None:
    checks = by_check(picture_faults([masked(0), masked(1, changed=True)], 1))
    assert numbers(checks["changed-file"]) == [1]
