from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.datasets.duplicate_margins import without_margins

Floats = NDArray[np.float32]


@pytest.fixture
def pair() -> Floats:
    """Two pictures of noise, 16 pixels a side."""
    return np.random.default_rng(0).uniform(50, 200, (2, 1, 16, 16)).astype(np.float32)


def test_what_has_no_margin_stays(pair: Floats) -> None:
    assert np.array_equal(without_margins(*pair), pair)


def test_margins_and_their_edges_become_what_lies_beside_them(pair: Floats) -> None:
    margined = pair.copy()
    margined[0, :, :, 12:] = [0, 1, 3, 0]
    margined[1, :, :, 13:] = 255
    margined[0, :, :2] = 1
    margined[1, :, :1] = 254
    drawn = np.stack(without_margins(*margined))
    assert np.array_equal(drawn[:, :, 3:, :11], pair[:, :, 3:, :11])  # the edges are gone
    assert np.array_equal(drawn[..., 11:], np.repeat(drawn[..., 10:11], 5, axis=3))
    assert np.array_equal(drawn[:, :, :3], np.repeat(drawn[:, :, 3:4], 3, axis=2))


def test_a_margin_of_one_picture_alone_stays(pair: Floats) -> None:
    pair[0, :, :, 12:] = 0
    assert np.array_equal(without_margins(*pair), pair)


def test_an_uneven_strip_is_no_margin(pair: Floats) -> None:
    pair[..., 12:] = np.arange(0, 32, 2)[:, None]
    assert np.array_equal(without_margins(*pair), pair)


def test_pictures_that_are_nearly_all_margin_stay(pair: Floats) -> None:
    pair[..., 8:] = 0
    assert np.array_equal(without_margins(*pair), pair)
    blank = np.zeros_like(pair)
    assert np.array_equal(without_margins(*blank), blank)


def test_each_pair_has_margins_of_its_own(pair: Floats) -> None:
    pairs = np.concatenate([pair, pair], axis=1)
    pairs[:, 1, 13:] = 0
    drawn = np.stack(without_margins(*pairs))
    assert np.array_equal(drawn[:, 0], pair[:, 0])
    assert np.array_equal(drawn[:, 1, 12:], np.repeat(drawn[:, 1, 11:12], 4, axis=1))
