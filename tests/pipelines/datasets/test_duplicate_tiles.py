from __future__ import annotations

import numpy as np
import pytest

from pipelines.datasets.duplicate_tiles import agreeing_tiles


def noise(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(2, 64, 64)).astype(np.float32)


EVERYTHING = np.ones((2, 64, 64), dtype=bool)


def test_copies_agree_in_all_tiles_and_strangers_in_none() -> None:
    assert agreeing_tiles(noise(0), noise(0) * 0.5, EVERYTHING).tolist() == [1, 1]
    assert agreeing_tiles(noise(0), noise(1), EVERYTHING).max() < 0.02


def test_a_mark_spoils_only_the_tiles_where_it_lies() -> None:
    marked = noise(0)
    marked[0, :8, :16] = noise(5)[0, :8, :16] * 9
    found = agreeing_tiles(noise(0), marked, EVERYTHING)
    assert found[0] == pytest.approx(62 / 64) and found[1] == 1


def test_tiles_that_are_not_seen_or_show_nothing_do_not_count() -> None:
    other, one = noise(1), noise(0)
    other[:, :32], seen = one[:, :32], EVERYTHING.copy()
    seen[0, 32:] = False
    other[1, 32:] = one[1, 32:] = 0
    assert agreeing_tiles(one, other, seen).tolist() == [1, 1]


def test_nothing_agrees_where_nothing_is_shown() -> None:
    blank = np.zeros((2, 64, 64), dtype=np.float32)
    assert agreeing_tiles(blank, blank, EVERYTHING).tolist() == [0, 0]
    assert agreeing_tiles(blank[:0], blank[:0], EVERYTHING[:0]).shape == (0,)
