from __future__ import annotations

import pytest

from pipelines.datasets.split_options import SplitOptions, check_options
from pipelines.errors import InputError
from tests.pipelines.datasets.made_split import make_dataset, make_item

ITEMS = [make_item(number, "a", f"g{number}") for number in range(3)]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (SplitOptions(test=0.1, keep_test=True), "give one only"),
        (SplitOptions(keep_test=True), "/d has no part testing to keep"),
        (SplitOptions(leaky=True, leave_out="site"), "give one only"),
        (SplitOptions(test=15), "--test 15 is no share"),
    ],
)
def test_what_contradicts_is_refused(options: SplitOptions, expected: str) -> None:
    with pytest.raises(InputError, match=expected):
        check_options(make_dataset(ITEMS), options)


def test_a_test_part_that_is_there_can_be_kept() -> None:
    dataset = make_dataset(ITEMS, testing=[make_item(9, "a", "g9")])
    check_options(dataset, SplitOptions(keep_test=True))
    check_options(dataset, SplitOptions())
