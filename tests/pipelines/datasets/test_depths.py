from __future__ import annotations

import pytest

from pipelines.datasets.depths import mixed_depths


def test_both_depths_are_counted() -> None:
    line = mixed_depths([False, True, False])
    assert line is not None and line.startswith("2 images have 8 bits and 1 have 16, so that")


@pytest.mark.parametrize("deep", [[], [False], [True, True]])
def test_of_one_depth_nothing_is_said(deep: list[bool]) -> None:
    assert mixed_depths(deep) is None
