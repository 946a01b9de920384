from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from pipelines.datasets.exports.case_names import case_names, plain


def test_names_are_those_of_the_files(dataset_of: Callable) -> None:
    dataset = dataset_of(kind="nifti", testing=1)
    names = case_names(dataset)
    assert len(names) == 10 and names["images/malignant_0002.nii.gz"] == "malignant_0002"


@pytest.mark.parametrize("second", ["b/x.png", "b/X.tif", "b/x .png"])
def test_names_that_clash_on_some_disk_become_numbers(dataset_of: Callable, second: str) -> None:
    items = tuple({"image": image} for image in ("a/x.png", "a/y.png", second))
    names = case_names(replace(dataset_of(), items=items))
    assert list(names.values()) == ["case_00001", "case_00002", "case_00003"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("benign (1)", "benign_1"), ("a/../b", "a_b"), ("..", "_"), ("Fémur-2", "Fémur-2")],
)
def test_texts_are_made_plain(text: str, expected: str) -> None:
    assert plain(text) == expected
