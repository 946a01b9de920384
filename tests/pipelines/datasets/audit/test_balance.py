from __future__ import annotations

from pipelines.datasets.audit.balance import FEW, balance, class_table
from pipelines.datasets.audit.case import Case
from pipelines.datasets.audit.finding import Finding
from tests.pipelines.datasets.audit.made_cases import by_check, case

LABELS = {0: "a", 1: "b"}
ENOUGH = 3 * FEW


def found(cases: list[Case], grouping: str = "patients") -> dict[str, Finding]:
    return by_check(balance(cases, "classification", LABELS, grouping))


def even() -> list[Case]:
    return [case(n, category="ab"[n % 2], label=n % 2) for n in range(ENOUGH)]


def test_even_classes_give_no_finding() -> None:
    assert found(even()) == {}


def test_the_table_counts_folds_test_part_images_and_groups() -> None:
    cases = [case(0), case(1, group="g0000"), case(2, category="b"), case(3, fold=None)]
    assert class_table(cases) == {
        "a": {"fold 0": 1, "fold 1": 1, "fold 2": 0, "testing": 1, "images": 3, "groups": 2},
        "b": {"fold 0": 0, "fold 1": 0, "fold 2": 1, "testing": 0, "images": 1, "groups": 1},
    }


def test_classes_of_few_groups_are_named() -> None:
    cases = [*even(), *[case(200 + n, category="c", group=f"p{n % 3}") for n in range(60)]]
    finding = found(cases)["few-groups"]
    assert finding.severity == "warning" and set(finding.details["classes"]) == {"c"}
    assert "c (60 images in 3 groups)" in finding.meaning


def test_a_class_that_a_fold_lacks_is_named() -> None:
    cases = [*even(), *[case(200 + n, category="c", fold=n % 2) for n in range(60)]]
    assert found(cases)["class-missing-in-fold"].details == {"classes": {"c": ["fold 2"]}}
    tested = [*even(), *[case(300 + n, fold=None) for n in range(5)]]
    assert found(tested)["class-missing-in-fold"].details == {"classes": {"b": ["testing"]}}


def test_a_label_without_images_is_named_of_a_classification_only() -> None:
    cases = [case(n) for n in range(ENOUGH)]
    assert found(cases)["unused-class"].details == {"classes": ["b"]}
    assert balance(cases, "segmentation", LABELS, "") == []


def test_uneven_classes_are_a_note_and_very_uneven_ones_a_warning() -> None:
    for times, severity in ((2, None), (4, "note"), (12, "warning")):
        count = FEW * (times + 1)
        cases = [
            case(n, category="b" if n % (times + 1) else "a", label=1 if n % (times + 1) else 0)
            for n in range(count)
        ]
        finding = found(cases).get("class-imbalance")
        assert (finding and finding.severity) == severity
    assert finding is not None and finding.details["ratio"] == 12
    assert "92 %" in finding.meaning


def test_data_without_patients_say_so() -> None:
    assert set(found(even(), "near-duplicate clusters; no patient ids")) == {"no-patients"}


def test_folds_that_no_training_takes_are_an_error() -> None:
    for folds in ([0], [0, 1], [0, 1, 99], [1, 2, 3]):
        cases = [case(n, fold=folds[n % len(folds)]) for n in range(ENOUGH)]
        finding = found(cases)["fold-numbers"]
        assert finding.severity == "error" and finding.details == {"folds": folds}
