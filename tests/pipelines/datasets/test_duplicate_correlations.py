from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.datasets.duplicate_candidates import orient
from pipelines.datasets.duplicate_correlations import (
    best_shift,
    correlations,
    detail,
    detail_correlations,
    normals,
)
from pipelines.datasets.duplicates import small_copy

Texture = Callable[..., NDArray[np.uint8]]


@pytest.fixture
def smalls(texture: Texture) -> NDArray[np.uint8]:
    return np.stack([small_copy(texture(seed, 180, 300, grain=8)) for seed in range(4)])


def rows(*pairs: tuple[int, int, int]) -> NDArray[np.int64]:
    return np.array([(*pair, 0) for pair in pairs])


def test_brightness_correlates_in_the_orientation_of_the_row(smalls: NDArray[np.uint8]) -> None:
    turned = np.stack([orient(small, 3) for small in smalls]) // 2
    found = correlations(normals(orient(smalls, 3)), normals(smalls), rows((0, 0, 3), (0, 1, 3)))
    assert found[0] == pytest.approx(1, abs=1e-5) and found[1] < 0.5
    found = correlations(normals(turned), normals(smalls), rows((2, 2, 3), (2, 2, 0)))
    assert found[0] > 0.99 and found[1] < 0.5


def test_detail_correlates_after_a_small_shift(smalls: NDArray[np.uint8]) -> None:
    moved = np.roll(smalls, (4, -3), axis=(1, 2))
    found = detail_correlations(smalls, moved, rows((1, 1, 0), (1, 2, 0), (3, 3, 0)))
    assert found[0] > 0.7 and found[1] < 0.3 and found[2] > 0.7


def test_detail_knows_no_fade(smalls: NDArray[np.uint8]) -> None:
    fade = np.linspace(90, 0, 64)[:, None]
    found = detail_correlations(smalls, (smalls * 0.6 + fade).astype(np.uint8), rows((0, 0, 0)))
    assert found[0] > 0.9


def test_the_best_shift_is_that_of_the_other_picture(smalls: NDArray[np.uint8]) -> None:
    one = detail(smalls)
    value, down, across = best_shift(one, np.roll(one, (-5, 2), axis=(1, 2)))
    assert value.min() > 0.8
    assert down.tolist() == [5] * 4 and across.tolist() == [-2] * 4
