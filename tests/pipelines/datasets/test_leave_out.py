from __future__ import annotations

import pytest

from pipelines.datasets.leave_out import folds_by_value, sites
from pipelines.errors import InputError
from tests.pipelines.datasets.made_split import make_items


def test_a_fold_for_each_value_in_natural_order() -> None:
    items = make_items([("a", 2), ("b", 1), ("a", 1)], site=["s10", "s2", 7])
    values = sites(items, "site", [item["group"] for item in items])
    assert values == ["s10", "s10", "s2", "7"]
    assert folds_by_value(values) == [2, 2, 1, 0]


def test_a_group_of_two_sites_is_named() -> None:
    items = make_items([("a", 2), ("b", 1), ("a", 1)], site=["A", "B", "C"])
    items[1]["site"] = "B"
    with pytest.raises(InputError) as caught:
        sites(items, "site", [item["group"] for item in items])
    assert str(caught.value).startswith(
        '--leave-out: group g0001 spans two values of site: images/a_0001.png is of "A" and '
        'images/a_0002.png of "B"; a group must stay in one fold.'
    )


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["A", "B", "A"], r'the column "site" has 2 values \(A, B\); a fold for each needs at l'),
        (["A", "A", "A"], r'the column "site" has 1 value \(A\)'),
        (["A", None, "B"], r'images/b_0002.png has no "site"'),
        ([None, None, None], 'have no column "site"'),
    ],
)
def test_what_makes_no_folds_is_refused(values: list[str | None], expected: str) -> None:
    items = make_items([("a", 1), ("b", 1), ("c", 1)], site=values)
    with pytest.raises(InputError, match=f"^--leave-out: .*{expected}"):
        sites(items, "site", ["g", "h", "i"])


@pytest.mark.parametrize("column", ["class", "label"])
def test_a_class_is_no_site(column: str) -> None:
    items = make_items([("a", 3), ("b", 3), ("c", 3)])
    with pytest.raises(InputError, match="would train without the class that is scored"):
        sites(items, column, [item["group"] for item in items])
