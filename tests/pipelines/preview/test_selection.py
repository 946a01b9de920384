"""Which images a sheet shows."""

from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.errors import InputError
from pipelines.preview.selection import class_selections, wanted
from tests.pipelines.preview.made_dataset import segmentation


def test_there_is_a_sheet_for_every_class(tmp_path: Path) -> None:
    items = wanted(segmentation(tmp_path, 12), (), None)
    selections = class_selections(items, 3, seed=0)
    assert [(each.kind, each.name) for each in selections] == [("class", "a"), ("class", "b")]
    assert [(len(each.items), len(each.among)) for each in selections] == [(3, 8), (3, 4)]
    assert all(item["class"] == each.name for each in selections for item in each.among)


def test_only_a_class_or_a_fold_may_be_wanted(tmp_path: Path) -> None:
    dataset = segmentation(tmp_path, 12)
    assert {item["class"] for item in wanted(dataset, ("b",), None)} == {"b"}
    assert [item["image"][7:11] for item in wanted(dataset, (), 1)] == [
        "b_02",
        "a_03",
        "b_08",
        "a_09",
    ]
    assert len(wanted(dataset, ("a",), 1)) == 2


def test_what_is_not_there_is_named_with_what_is(tmp_path: Path) -> None:
    dataset = segmentation(tmp_path)
    with pytest.raises(InputError, match="no class 'c'; the classes are a, b"):
        wanted(dataset, ("a", "c"), None)
    with pytest.raises(InputError, match="no fold 7; the folds are 0 to 2"):
        wanted(dataset, (), 7)
    with pytest.raises(InputError, match="fold 0 has no image of class 'b'"):
        wanted(dataset, ("a", "b"), 0)


def test_a_misspelt_class_is_answered_by_the_nearest(tmp_path: Path) -> None:
    dataset = segmentation(tmp_path)
    items = tuple(item | {"class": "benign"} for item in dataset.items)
    with pytest.raises(InputError, match='the classes are benign; did you mean "benign"'):
        wanted(replace(dataset, items=items), ("bening",), None)
