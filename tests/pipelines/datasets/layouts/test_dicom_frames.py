from __future__ import annotations

import pytest

from pipelines.datasets.layouts.dicom_frames import chosen_frames
from pipelines.errors import InputError


@pytest.mark.parametrize(
    ("choice", "count", "expected"),
    [
        ("first", 5, [0]),
        ("middle", 5, [2]),
        ("middle", 1, [0]),
        ("ALL", 3, [0, 1, 2]),
        ("every:2", 5, [0, 2, 4]),
        ("every:99", 5, [0]),
    ],
)
def test_choices(choice: str, count: int, expected: list[int]) -> None:
    assert list(chosen_frames(choice, count)) == expected


@pytest.mark.parametrize("choice", ["last", "every:0", "every:", "every:-1", "", "every:x"])
def test_others_are_refused(choice: str) -> None:
    with pytest.raises(InputError, match="expected first, middle, all or every:N"):
        chosen_frames(choice, 4)
