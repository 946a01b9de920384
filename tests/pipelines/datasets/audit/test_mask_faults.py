from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from pipelines.datasets.audit.case import Case
from pipelines.datasets.audit.finding import Finding
from pipelines.datasets.audit.mask_faults import mask_faults
from tests.pipelines.datasets.audit.made_cases import by_check, case, masked, numbers

LABELS = {0: "background", 1: "tumour"}
EMPTY: dict[str, Any] = {"counts": (1200, 0), "lesions": (), "parts": 0}


def judged(cases: Sequence[Case], labels: dict[int, str] = LABELS) -> dict[str, Finding]:
    return by_check(mask_faults(cases, labels, ["a"]))


def found(**changes: Any) -> dict[str, Finding]:
    """What is found of twelve masks, of which number 4 is changed."""
    return judged([masked(n, **(changes if n == 4 else {})) for n in range(12)])


def test_sound_masks_give_no_finding_and_images_without_masks_either() -> None:
    assert found() == {} and judged([case(n) for n in range(3)]) == {}


@pytest.mark.parametrize(
    ("check", "severity", "changes"),
    [
        ("unreadable-mask", "error", {"problem": "torn"}),
        ("mask-size", "error", {"width": 39}),
        ("stray-mask-values", "error", {"stray": ((7, 3),), "strays": 1}),
        ("soft-mask-edges", "error", {"soft": True, "stray": ((7, 3),), "strays": 9}),
        ("mask-seams", "warning", {"seams": (1,)}),
        ("empty-mask", "warning", EMPTY),
        ("full-mask", "warning", {"counts": (0, 1200), "corners": True}),
        ("inverted-mask", "warning", {"counts": (100, 1100), "corners": True}),
        ("many-parts", "warning", {"parts": 6}),
        ("mask-specks", "note", {"specks": 2}),
        ("mask-specks", "note", {"specks": 30, "dots": 19}),
        ("speckled-mask", "warning", {"specks": 20, "dots": 20}),
        ("speckled-mask", "warning", {"specks": 1, "dots": 1, "parts": 0, "lesions": ()}),
        ("mask-at-border", "note", {"touches": 5}),
    ],
)
def test_each_fault_is_found_and_named(check: str, severity: str, changes: dict[str, Any]) -> None:
    (finding,) = found(**changes).values()
    assert (finding.check, finding.severity, numbers(finding)) == (check, severity, [4])


def test_stray_values_are_listed_with_masks_and_pixels() -> None:
    cases = [masked(n, stray=((7, 3 + n), (200, 1)) if n < 2 else ()) for n in range(6)]
    finding = judged(cases)["stray-mask-values"]
    assert finding.title == "2 masks hold values that are no class: 7, 200"
    assert finding.details["values"] == {
        "7": {"masks": 2, "pixels": 7},
        "200": {"masks": 2, "pixels": 2},
    }
    assert finding.details["stray"]["images/a_0001.png"] == "7 (4 pixels), 200 (1 pixel)"
    binary = judged([masked(0, stray=((255, 9),))])["stray-mask-values"]
    assert "masks of 0 and 255" in binary.advice


def test_an_index_without_a_name_is_a_stray_value() -> None:
    cases = [masked(n, counts=(1000, 0, 100, 100)) for n in range(3)]
    finding = judged(cases, {0: "background", 2: "lumen", 3: "wall"})
    assert "stray-mask-values" not in finding
    cases = [masked(n, counts=(1000, 5, 100, 100)) for n in range(3)]
    values = judged(cases, {0: "background", 2: "lumen", 3: "wall"})["stray-mask-values"]
    assert values.details["values"] == {"1": {"masks": 3, "pixels": 15}}


def test_masks_are_empty_or_not_as_their_class_says() -> None:
    healthy = [masked(n, "healthy", **EMPTY) for n in range(6)]
    assert judged([*healthy, *[masked(n) for n in range(6, 12)]]) == {}
    wrong = [*healthy[:5], masked(5, "healthy"), *[masked(n) for n in range(6, 12)]]
    (finding,) = judged(wrong).values()
    assert finding.check == "unexpected-lesion" and numbers(finding) == [5]
    assert finding.severity == "warning"


def test_many_empty_masks_are_no_slip() -> None:
    cases = [masked(n, **(EMPTY if n % 2 else {})) for n in range(12)]
    assert judged(cases)["empty-mask"].severity == "note"


def test_what_most_masks_do_is_no_finding() -> None:
    full = [masked(n, counts=(3, 1197), corners=True, touches=136) for n in range(6)]
    assert judged(full) == {}
    torn = [masked(n, parts=9, specks=4) for n in range(6)]
    assert judged(torn) == {}


def test_maps_of_several_classes_are_not_inverted() -> None:
    labels = {0: "ground", 1: "stroma", 2: "gland"}
    cases = [masked(n, counts=(1100, 50, 50)) for n in range(11)]
    cases.append(masked(11, counts=(100, 1000, 100), corners=True))
    assert judged(cases, labels) == {}
    single = [masked(n, counts=(1100, 100, 0)) for n in range(11)]
    single.append(masked(11, counts=(100, 1100, 0), corners=True))
    assert "inverted-mask" in judged(single, labels)


def test_noise_is_named_even_where_all_masks_are_noise() -> None:
    noise = [masked(n, specks=40 + n, dots=40 + n, parts=0, lesions=()) for n in range(6)]
    finding = judged(noise)["speckled-mask"]
    assert numbers(finding) == [5, 4, 3, 2, 1, 0] and "flagged as specks" in finding.advice


def test_the_dots_along_soft_edges_are_no_noise() -> None:
    assert "speckled-mask" not in found(soft=True, stray=((7, 3),), strays=9, specks=30, dots=30)
