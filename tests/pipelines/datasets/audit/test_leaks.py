from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipelines.datasets.audit.case import Case
from pipelines.datasets.audit.finding import Finding
from pipelines.datasets.audit.leaks import leaks
from pipelines.datasets.audit.pairing import Pair
from tests.pipelines.datasets.audit.made_cases import by_check, case, masked, numbers


def found(
    cases: Sequence[Case], *pairs: tuple[int, int], leaky: bool = False
) -> dict[str, Finding]:
    made = [
        Pair(cases[i], cases[j], cases[i].measured.digest == cases[j].measured.digest)
        for i, j in pairs
    ]
    return by_check(leaks(cases, made, leaky))


def test_a_clean_split_has_no_leak() -> None:
    assert found([case(n) for n in range(6)]) == {}


def test_a_group_in_two_folds_is_an_error_with_all_its_images() -> None:
    cases = [case(n, group="p" if n < 3 else f"g{n}") for n in range(6)]
    finding = found(cases)["group-leak"]
    assert finding.severity == "error" and numbers(finding) == [0, 1, 2]
    assert finding.title == "1 group stands in several folds"
    assert finding.details["groups"]["p"]["fold 1"] == ["images/a_0001.png"]
    assert "on purpose" not in finding.text
    assert "on purpose" in found(cases, leaky=True)["group-leak"].text


def test_a_group_in_a_fold_and_in_the_test_part_leaks() -> None:
    cases = [case(0, group="p"), case(1, group="p", fold=None), case(2)]
    assert "or in the test part" in found(cases)["group-leak"].title


def test_duplicates_in_two_folds_are_an_error_the_exact_ones_first() -> None:
    cases = [case(n, digest="same" if n in (3, 5) else f"d{n}") for n in range(6)]
    finding = found(cases, (0, 1), (3, 5))["duplicates-across-folds"]
    assert finding.severity == "error" and numbers(finding) == [3, 5, 0, 1]
    assert [pair["kind"] for pair in finding.details["pairs"]] == ["exact", "near"]
    assert finding.title == "4 images have a duplicate in another fold"
    testing = [case(0, digest="same"), case(1, digest="same", fold=None)]
    title = found(testing, (0, 1))["duplicates-across-folds"].title
    assert title == "2 images have an exact duplicate in another fold or in the test part"


def test_duplicates_on_both_sides_of_the_official_split_are_an_error() -> None:
    sides = ["train", "test", "train", "train", None]
    cases = [
        case(n, fold=0, group="g", **({"part": side} if side else {}))
        for n, side in enumerate(sides)
    ]
    checks = found(cases, (0, 1), (2, 3), (3, 4))
    assert checks["duplicates-across-split"].severity == "error"
    assert numbers(checks["duplicates-across-split"]) == [0, 1]
    together = checks["duplicates-in-one-group"]
    assert numbers(together) == [0, 1, 2, 3, 4]
    assert "our folds do not leak. Only the split that came with the data parts 1 pair of them" in (
        together.text
    )
    alone = found(cases, (2, 3))["duplicates-in-one-group"]
    assert "came with the data" not in alone.text and "Nothing has to be done" in alone.advice
    assert "duplicates-across-folds" not in checks


def test_a_patient_on_both_sides_of_the_official_split_is_an_error() -> None:
    cases = [case(n, fold=0, group="p", part="train" if n else "test") for n in range(3)]
    checks = found(cases)
    assert set(checks) == {"group-across-split"} and len(checks["group-across-split"].images) == 3
    alike = found(cases[:2], (0, 1))  # said once, as duplicates
    assert set(alike) == {"duplicates-across-split", "duplicates-in-one-group"}


def test_duplicates_of_two_classes_and_of_two_masks() -> None:
    near = [case(0, category="b", fold=0, group="g"), case(1, fold=0, group="g")]
    checks = found(near, (0, 1))
    assert set(checks) == {"near-duplicates-with-two-classes"}
    assert checks["near-duplicates-with-two-classes"].severity == "warning"
    exact = [masked(n, "ab"[n], fold=0, group="g") for n in range(2)]
    exact = [Case(each.item, replace(each.measured, digest="x")) for each in exact]
    checks = found(exact, (0, 1))
    assert checks["exact-duplicates-with-two-classes"].severity == "error"
    assert checks["exact-duplicates-with-two-masks"].severity == "warning"


def test_duplicates_of_two_groups_in_one_fold_would_leak_in_another_split() -> None:
    checks = found([case(0), case(3)], (0, 1))
    assert checks["duplicates-in-two-groups"].severity == "warning" and len(checks) == 1


def test_an_image_that_is_listed_twice_is_an_error() -> None:
    finding = found([case(0), case(1), case(0)])["listed-twice"]
    assert finding.severity == "error" and numbers(finding) == [0]
