from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.crossval.choice import chosen_folds, chosen_seeds
from pipelines.datasets.dataset import Dataset, read
from pipelines.errors import InputError


@pytest.fixture(scope="module")
def dataset(class_dataset: Path) -> Dataset:
    return read(class_dataset)


@pytest.mark.parametrize(
    ("text", "folds"),
    [(None, [0, 1, 2, 3, 4]), ("5", [0, 1, 2, 3, 4]), ("2,0", [0, 2]), ("3,", [3])],
)
def test_folds_are_all_or_those_that_are_named(
    dataset: Dataset, text: str | None, folds: list[int]
) -> None:
    assert chosen_folds(text, dataset) == folds


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("3", "has 5 folds; divide it anew by med2d split .* --folds 3, leave --folds out"),
        ("0,5", "fold 5 does not exist; .* has the folds 0 to 4"),
        ("0,0", "names one twice"),
        ("all", "--folds is 'all'; expected a number such as 3, or a list"),
        ("-1", "--folds is '-1'; expected a number"),
    ],
)
def test_folds_that_there_are_not_are_refused(dataset: Dataset, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        chosen_folds(text, dataset)


@pytest.mark.parametrize("text", ["0", "1001", "", ",", "1.5", "3,3"])
def test_seeds_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="--seeds"):
        chosen_seeds(text)


def test_seeds_are_counted_or_named() -> None:
    assert [chosen_seeds(text) for text in ("1", "2", "5,3", "0,")] == [[0], [0, 1], [3, 5], [0]]
