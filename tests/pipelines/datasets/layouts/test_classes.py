from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.datasets.layouts.classes import check_several, match_classes
from pipelines.datasets.layouts.sample import Facts, Problem, Request, Sample, Scan
from pipelines.datasets.sources.picture_file import PictureFile
from pipelines.errors import InputError

PLAIN = Request("classification")


def asked(*classes: str, mapping: dict[int, int] | None = None) -> Request:
    return Request("classification", classes, mapping or {})


def test_labels_are_the_names_in_natural_order() -> None:
    found = match_classes(["b10", "b2", "a", "b2"], PLAIN, "t")
    assert found.names == ("a", "b2", "b10")
    assert found.of == {"b10": "b10", "b2": "b2", "a": "a"} and not found.wrong


def test_classes_set_the_order_and_unknown_labels_are_wrong() -> None:
    found = match_classes(["benign", "Benign", "x", "", "nan"], asked("malignant", "benign"), "t")
    assert found.names == ("malignant", "benign") and found.of == {"benign": "benign"}
    assert found.wrong == {
        "Benign": 'has the unknown class "Benign" (did you mean "benign"?); expected malignant, '
        "benign",
        "x": 'has the unknown class "x"; expected malignant, benign',
        "": "has no label; fill it in",
        "nan": "has no label; fill it in",
    }


def test_numbers_are_indices_of_the_classes() -> None:
    found = match_classes(["0", "1.0", "2", "x", "1.5"], asked("a", "b"), "t")
    assert found.of == {"0": "a", "1.0": "b"}
    assert found.wrong == {
        "2": "has the label 2; expected an index of --classes: 0 a, 1 b",
        "x": 'has the label "x", which is no number; expected 0 a, 1 b',
        "1.5": 'has the label "1.5", which is no number; expected 0 a, 1 b',
    }
    assert match_classes(["1", "2"], asked("a", "b", mapping={1: 0, 2: 1}), "t").of == {
        "1": "a",
        "2": "b",
    }
    assert match_classes(["1", "3"], asked("1", "3"), "t").of == {"1": "1", "3": "3"}


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (
            ["2", "0", "1", "0"],
            "t holds the labels 0, 1, 2; nobody can tell which class 0 is. Name the classes in the "
            "order of their numbers, such as --classes normal,benign,malignant",
        ),
        (
            ["1", "2", "x"],
            "t holds the labels 1, 2, x; nobody can tell which class 1 is. Name the classes in the "
            "order of their numbers, such as --classes normal,abnormal --map 1=0 --map 2=1",
        ),
        (
            [*map(str, range(12))] * 2,
            "t holds the labels 0, 1, 2, 3, 4, 5, 6, 7, … (12 in all); nobody can tell which class "
            "0 is. Name the classes in the order of their numbers, such as --classes "
            "name0,name1,name2,…",
        ),
    ],
)
def test_numbers_without_names_are_refused(labels: list[str], message: str) -> None:
    with pytest.raises(InputError) as caught:
        match_classes(labels, PLAIN, "t")
    assert str(caught.value) == message


def test_what_is_no_class_name() -> None:
    labels = ["Benign", "Benign", "benign ", "images", "malignant", "7"]
    found = match_classes(labels, PLAIN, "t")
    assert found.of == {"Benign": "Benign", "malignant": "malignant"}
    assert found.wrong == {
        "7": "has the label 7, a number among names; expected a class name",
        "benign ": 'has the class "benign ", which differs from "Benign" by case or spaces only; '
        "write both alike, or name both by --classes",
        "images": 'has the class "images", a reserved name; rename it',
    }
    assert found.names == ("Benign", "malignant")
    both = match_classes(["Benign", "benign"], asked("Benign", "benign"), "t")
    assert len(both.of) == 2


def test_a_column_of_names_is_no_column_of_classes() -> None:
    with pytest.raises(InputError, match=r"t holds 30 different values in 40 samples \(n0, n1, "):
        match_classes([f"n{index % 30}" for index in range(40)], PLAIN, "t")


def test_classes_that_cannot_be() -> None:
    with pytest.raises(InputError, match="--classes: Masks is a reserved name"):
        match_classes(["a"], asked("a", "Masks"), "t")
    with pytest.raises(InputError, match="--classes names a class twice: a,b,a"):
        match_classes(["a"], asked("a", "b", "a"), "t")


@given(st.lists(st.text(max_size=6), max_size=8), st.lists(st.text(max_size=6), max_size=3))
def test_every_label_has_a_class_or_a_reason(labels: list[str], classes: list[str]) -> None:
    try:
        found = match_classes(labels, asked(*classes), "t")
    except InputError as error:
        assert str(error).startswith(("t holds", "--classes"))
    else:
        assert set(found.of) | set(found.wrong) == set(labels)
        assert not set(found.of) & set(found.wrong)
        assert set(found.of.values()) <= set(found.names)


def test_one_class_is_no_classification() -> None:
    sample = Sample("a/x.png", PictureFile(Path("x.png")), "a")
    scan = Scan(Path("raw"), Facts("raw", "OT", ("a",)), [sample])
    with pytest.raises(InputError, match=r"raw holds images of one class only \(a\)"):
        check_several(scan)
    with pytest.raises(InputError, match="raw holds no image with a class"):
        check_several(Scan(Path("raw"), Facts("raw", "OT", ())))
    scan.problems.append(Problem("b", "b is bad"))
    check_several(scan)
