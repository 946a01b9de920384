from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.datasets.joined_groups import joined_groups, joined_text
from pipelines.errors import InputError
from tests.pipelines.datasets.made_split import make_items


def test_what_hangs_together_by_either_becomes_one_group() -> None:
    # g1 and g2 are of patient p; g3 is of q, as is the second image of g4.
    items = make_items([("a", 1), ("a", 2), ("a", 1), ("a", 2)], patient=["p", "p", "q", "r"])
    items[-1]["patient"] = "q"
    expected = ["g0001", "g0001", "g0001", "g0003", "g0003", "g0003"]
    assert joined_groups(items, "patient") == expected
    assert joined_groups(items, "group") == [item["group"] for item in items]


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=20))
def test_no_group_and_no_value_is_parted_and_joining_again_changes_nothing(
    pairs: list[tuple[int, int]],
) -> None:
    items = make_items([("a", 1)] * len(pairs), patient=[f"p{value}" for _, value in pairs])
    for item, (group, _) in zip(items, pairs, strict=True):
        item["group"] = f"g{group}"
    joined = joined_groups(items, "patient")
    for key in ("group", "patient"):
        homes: dict[str, set[str]] = {}
        for item, group in zip(items, joined, strict=True):
            homes.setdefault(item[key], set()).add(group)
        assert all(len(home) == 1 for home in homes.values())
    again = [{**item, "group": group} for item, group in zip(items, joined, strict=True)]
    assert joined_groups(again, "patient") == joined


def test_an_image_without_a_patient_is_named() -> None:
    items = make_items([("a", 1), ("a", 1)], patient=["p", None])
    with pytest.raises(InputError, match=r'--group: images/a_0002.png has no "patient"'):
        joined_groups(items, "patient")


@pytest.mark.parametrize(
    ("before", "column", "after"),
    [
        ("patient ids of the data", "group", "patient ids of the data"),
        ("", "patient", "the column patient"),
        ("x, joined with the column site", "site", "x, joined with the column site"),
    ],
)
def test_the_grouping_is_said_once(before: str, column: str, after: str) -> None:
    assert joined_text(before, column) == after
