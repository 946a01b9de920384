from __future__ import annotations

from typing import Any

import pytest

from pipelines.datasets.item_columns import column_names, column_values, complete_values
from pipelines.errors import InputError
from tests.pipelines.datasets.made_split import make_items


def items(values: list[Any]) -> list[dict[str, Any]]:
    return make_items([("a", 1)] * len(values), site=values)


def test_the_columns_are_what_images_share() -> None:
    names = column_names([*items(["x"]), *make_items([("a", 1)], age=[3])])
    assert names == ["class", "group", "source", "width", "height", "site", "age"]


def test_values_are_texts() -> None:
    given = [" x ", 3, 3.0, 2.5, True, "", None, float("nan")]
    expected = ["x", "3", "3", "2.5", "true", None, None, None]
    assert column_values(items(given), "site", "--group") == expected


def test_a_column_that_is_not_there_is_named_with_the_nearest() -> None:
    with pytest.raises(InputError) as caught:
        column_values(items(["x"]), "sites", "--stratify")
    assert str(caught.value) == (
        '--stratify: the images have no column "sites" to be divided by; they have "class", '
        '"group", "source", "width", "height", "site". Did you mean "site"?'
    )


@pytest.mark.parametrize("column", ["fold", "image", "label", "sha256"])
def test_what_tells_every_image_apart_is_no_column(column: str) -> None:
    with pytest.raises(InputError, match=f'no column "{column}" to be divided by'):
        column_values(items(["x"]), column, "--group")


def test_a_list_is_no_value() -> None:
    with pytest.raises(InputError, match=r'--group: "site" of images/a_0002.png is \[1, 2\]; exp'):
        column_values(items(["x", [1, 2]]), "site", "--group")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["x", "", "x"], 'images/a_0002.png has no "site"'),
        (["x", None, " "], 'images/a_0002.png and 1 more have no "site"'),
    ],
)
def test_the_first_image_without_a_value_is_named(values: list[Any], expected: str) -> None:
    with pytest.raises(InputError) as caught:
        complete_values(items(values), "site", "--group")
    assert str(caught.value) == (
        f"--group: {expected}; expected a value for every image: fill it in"
    )
    assert complete_values(items(["x", "y"]), "site", "--group") == ["x", "y"]
