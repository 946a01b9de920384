from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipelines.datasets.checks import check_apart
from pipelines.datasets.layouts.sample import Request
from pipelines.errors import InputError
from tests.pipelines.datasets.made_layout import NAMES, Made


def test_classes_set_the_order_and_must_be_those_that_are_found(made: Made) -> None:
    assert made.convert(classes=("b", "a")).dataset.items[0]["label"] == 1
    assert made.asked[-1] == Request("classification", ("b", "a"))
    with pytest.raises(InputError, match="--classes names c, of which there is no image; found: a"):
        made.convert(classes=("b", "a", "c"), overwrite=True)
    with pytest.raises(InputError, match="--classes does not name a; name every class in the ord"):
        made.convert(classes=("b",), overwrite=True)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"category": "images"}, '"images" is the class of some images and also an entry of every'),
        ({"columns": {"site": "Masks"}}, '"Masks" is the site of some images and also an entry'),
        ({"columns": {"fold": "3"}}, 'the column "fold" is one of dataset.json\'s own; rename it'),
    ],
)
def test_values_that_would_break_the_record_are_refused(
    made: Made, change: Mapping[str, Any], expected: str
) -> None:
    made.change(0, **change)
    made.facts = replace(made.facts, labels=(*NAMES, "images"))
    with pytest.raises(InputError) as caught:
        made.convert()
    assert expected in str(caught.value) and not made.out.exists()


def test_an_unknown_class_is_a_problem(made: Made) -> None:
    made.change(1, category="c")
    with pytest.raises(InputError, match=r'image "x/1.png" has the unknown class "c"; expected a'):
        made.convert()
    assert made.convert(skip_bad=True).left_out == ["x/1.png"]


def test_one_folder_inside_the_other_is_refused(tmp_path: Path) -> None:
    check_apart(tmp_path / "raw", tmp_path / "out")
    for raw, out in (("a", "a"), ("a", "a/b"), ("a/b", "a")):
        with pytest.raises(InputError, match=r"another folder|outside it"):
            check_apart(tmp_path / raw, tmp_path / out)
