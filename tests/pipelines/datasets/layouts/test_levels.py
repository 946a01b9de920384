from __future__ import annotations

import pytest

from pipelines.datasets.layouts.levels import Levels, read_levels
from pipelines.errors import InputError


def test_the_outermost_folder_is_the_class() -> None:
    levels = read_levels({})
    assert levels == Levels((), 0) and levels.least == 1 and levels.listed() == "<class>"
    assert levels.columns(["benign", "wrist", "left"]) == {"level2": "wrist", "level3": "left"}


@pytest.mark.parametrize(
    ("options", "names", "index"),
    [
        ({"levels": "class,region"}, ("class", "region"), 0),
        ({"levels": "region, class"}, ("region", "class"), 1),
        ({"levels": "region,grade", "class_level": "grade"}, ("region", "grade"), 1),
        ({"levels": "region,grade", "class_level": "2"}, ("region", "grade"), 1),
        ({"levels": "region,grade"}, ("region", "grade"), 0),
        ({"class_level": "3"}, (), 2),
        ({"class_pattern": "_(x)", "levels": "region,patient"}, ("region", "patient"), None),
        ({"class_pattern": "_(x)"}, (), None),
    ],
)
def test_levels_are_named_and_one_is_the_class(
    options: dict[str, str], names: tuple[str, ...], index: int | None
) -> None:
    assert read_levels(options) == Levels(names, index)


def test_the_other_levels_are_columns() -> None:
    assert Levels(("region", "class"), 1).columns(["wrist", "benign", "x"]) == {
        "region": "wrist",
        "level3": "x",
    }
    assert Levels((), None).columns(["a"]) == {"level1": "a"}
    assert Levels((), 2).listed() == "<level1>/<level2>/<class>"
    assert Levels(("region", "class"), 1).listed() == "<region>/<class>"
    assert Levels((), None).least == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"levels": "a,,b"}, "--levels has an empty name"),
        ({"levels": "a,a"}, "--levels names a twice"),
        ({"levels": "class,group"}, "--levels: group has another meaning in dataset.json"),
        ({"levels": "class,level2"}, "--levels: level2 has another meaning"),
        ({"levels": "grade,region", "class_level": "regin"}, r"one of grade, region; did you mean"),
        ({"levels": "grade,region", "class_level": "3"}, "there is no such level"),
        ({"class_level": "0"}, "expected a number from 1, or name it by --levels"),
        ({"class_level": "x"}, "--class-level x: there is no such level"),
        ({"class_level": "1", "class_pattern": "(x)"}, "both choose the class; give one"),
    ],
)
def test_levels_that_cannot_be(options: dict[str, str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_levels(options)
