from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from pipelines.datasets.exports.label_names import label_names
from pipelines.errors import InputError


def test_names_stand_in_the_order_of_their_indices(dataset_of: Callable) -> None:
    shuffled = replace(dataset_of(), labels={"2": "c", "0": "a", "1": "b"})
    assert label_names(shuffled) == ["a", "b", "c"]


@pytest.mark.parametrize("labels", [{"1": "a"}, {"0": "a", "2": "b"}, {"0": "a", "x": "b"}])
def test_gaps_are_refused(dataset_of: Callable, labels: dict[str, str]) -> None:
    with pytest.raises(InputError, match="without a gap"):
        label_names(replace(dataset_of(), labels=labels))


def test_one_name_for_two_is_refused(dataset_of: Callable) -> None:
    with pytest.raises(InputError, match="two labels are called a; rename one"):
        label_names(replace(dataset_of(), labels={"0": "a", "1": "a"}))
