from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.datasets import duplicate_cells as module
from pipelines.datasets.duplicate_cells import sorted_cells, without_cells

Floats = NDArray[np.float32]


@pytest.fixture
def oriented(monkeypatch: pytest.MonkeyPatch) -> Floats:
    monkeypatch.setattr(module, "EXACT", 50)
    values = np.random.default_rng(0).normal(size=(300, 8, 12)).astype(np.float32)
    return values / np.linalg.norm(values, axis=2, keepdims=True)


def near(oriented: Floats, windows: Floats, least: Floats) -> list[set[int]]:
    cells = sorted_cells(oriented)
    return [set(cells.numbers[places].tolist()) for places in cells.near(windows, least)]


def test_cells_hold_every_signature_once(oriented: Floats) -> None:
    cells = sorted_cells(oriented)
    assert sorted(cells.numbers.tolist()) == list(range(2400))
    np.testing.assert_array_equal(cells.table, oriented.reshape(2400, 12)[cells.numbers])
    assert len(cells.middles) == len(cells.starts) - 1 and cells.starts[-1] == 2400
    own = cells.middles @ cells.table[: cells.starts[1]].T
    assert (own.argmax(axis=0) == 0).all()


def test_nearly_all_that_is_alike_is_found_and_nothing_else(oriented: Floats) -> None:
    windows = oriented[:40, :3] + 0.1 * oriented[40:80, :3]
    windows /= np.linalg.norm(windows, axis=2, keepdims=True)
    likeness = windows @ oriented.reshape(2400, 12).T
    expected = [set(np.flatnonzero(rows.max(axis=0) >= 0.7)) for rows in likeness]
    found = near(oriented, windows, np.full(3, 0.7, np.float32))
    assert all(one <= other for one, other in zip(found, expected, strict=True))
    assert sum(map(len, found)) > 0.95 * sum(map(len, expected)) > 1000


def test_each_window_has_a_limit_of_its_own(oriented: Floats) -> None:
    found = near(oriented, oriented[:9, :2], np.array([0.999, 2.0], np.float32))
    assert found == [{8 * picture} for picture in range(9)]


def test_few_pictures_are_all_compared(oriented: Floats) -> None:
    cells = sorted_cells(oriented[:50])
    assert not len(cells.middles)
    (places,) = cells.near(oriented[:1, :2], np.full(2, 9.0, np.float32))
    assert len(cells.table[places]) == 400


def test_some_pictures_keep_their_numbers(oriented: Floats) -> None:
    cells = without_cells(oriented, np.array([7, 9]))
    assert cells.numbers.tolist() == [*range(56, 64), *range(72, 80)]
    np.testing.assert_array_equal(cells.table[8], oriented[9, 0])


def test_the_same_signatures_give_the_same_cells(oriented: Floats) -> None:
    first, second = sorted_cells(oriented), sorted_cells(oriented.copy())
    np.testing.assert_array_equal(first.numbers, second.numbers)
    np.testing.assert_array_equal(first.middles, second.middles)
