from __future__ import annotations

from pathlib import Path

from pipelines.datasets.audit.case import Case
from pipelines.datasets.audit.flags import flag_table, flags_of, marked, with_flags
from tests.pipelines.datasets.audit.made_cases import (
    by_check,
    case,
    made_dataset,
    masked,
    numbers,
)


def flagged(count: int, with_mark: int, category: str, start: int) -> list[Case]:
    return [
        case(start + n, category=category, marks=("caliper",) if n < with_mark else ())
        for n in range(count)
    ]


def test_flags_are_those_of_the_item_and_the_marks_sorted() -> None:
    assert flags_of(case(0, flags="text, colour", marks=("caliper", "text"))) == (
        "caliper", "colour", "text",
    )  # fmt: skip
    assert flags_of(case(0)) == ()
    assert flags_of(masked(0)) == () and flags_of(masked(0, specks=30, dots=30)) == ("specks",)


def test_the_table_counts_by_class() -> None:
    cases = [case(0, flags="colour"), case(1, marks=("text",)), case(2, category="b")]
    assert flag_table(cases) == {
        "a": {"images": 2, "colour": 1, "text": 1},
        "b": {"images": 1, "colour": 0, "text": 0},
    }


def test_marks_are_reported_with_their_numbers() -> None:
    cases = [case(0), case(1, marks=("caliper", "text")), case(2, marks=("text",), flags="colour")]
    (finding,) = marked(cases)
    assert finding.check == "burnt-in-marks" and finding.severity == "note"
    assert numbers(finding) == [1, 2] and "caliper on 1, text on 2" in finding.title
    assert finding.details["marks"]["images/a_0001.png"] == ["caliper", "text"]
    assert marked([case(0, flags="colour")]) == []


def test_a_mark_that_gives_the_class_away_is_a_warning() -> None:
    even = [*flagged(100, 50, "a", 0), *flagged(100, 45, "b", 100)]
    assert set(by_check(marked(even))) == {"burnt-in-marks"}
    telling = [*flagged(100, 80, "a", 0), *flagged(100, 10, "b", 100)]
    finding = by_check(marked(telling))["flag-tells-class"]
    assert finding.severity == "warning" and "a 80 %, b 10 %" in finding.title
    assert 0.69 < finding.details["cramers_v"] < 0.71
    few = [*flagged(100, 15, "a", 0), *flagged(100, 0, "b", 100)]
    assert set(by_check(marked(few))) == {"burnt-in-marks"}
    assert set(by_check(marked(flagged(100, 50, "a", 0)))) == {"burnt-in-marks"}


def test_flags_are_written_into_the_entries(tmp_path: Path) -> None:
    dataset = made_dataset(tmp_path / "made", 3, testing=1)
    dataset.items[2]["flags"] = "colour"
    flags = {
        "images/a_0001.png": ("caliper", "text"),
        "images/a_0002.png": ("colour", "text"),
        "images/a_0003.png": ("text",),
    }
    made = with_flags(dataset, flags)
    assert [item.get("flags") for item in made.items] == [None, "caliper,text", "colour,text"]
    assert made.testing[0]["flags"] == "text" and "flags" not in dataset.items[1]
    keys = list(made.items[1])
    assert keys[keys.index("height") + 1] == "flags"
    assert {**made.items[1], "flags": 0} == {**dataset.items[1], "flags": 0}
