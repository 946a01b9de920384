from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import rotate

from pipelines.datasets.duplicate_detail import detail, halved
from pipelines.datasets.duplicate_fit import Layer, correlated, fitted, maps_of
from pipelines.datasets.duplicates import small_copy

Texture = Callable[..., NDArray[np.uint8]]
Floats = NDArray[np.float32]


def half_detail(picture: NDArray[np.uint8]) -> Floats:
    return detail(halved(small_copy(picture)[None].astype(np.float32)), 2.5)


def test_a_map_takes_the_cut_to_its_window() -> None:
    window = np.array([[0.1, 0.9, 0.0, 0.5]], dtype=np.float32)
    (found,) = maps_of(window)
    corners = np.array([[-1, -1, 1], [1, 1, 1]])
    np.testing.assert_allclose(corners @ found.T, [[-0.8, -1], [0.8, 0]], atol=1e-6)


def test_the_whole_window_lays_a_picture_as_it_is() -> None:
    pictures = np.random.default_rng(0).normal(size=(3, 16, 16)).astype(np.float32)
    whole = maps_of(np.tile(np.array([0, 1, 0, 1], dtype=np.float32), (3, 1)))
    found, seen = Layer(pictures).laid(whole)
    np.testing.assert_allclose(found.reshape(3, 16, 16), pictures, atol=0.02)
    assert seen.all()


def test_what_lies_outside_is_not_seen() -> None:
    pictures = np.ones((1, 16, 16), dtype=np.float32)
    _, seen = Layer(pictures).laid(maps_of(np.array([[0.5, 1.5, 0, 1]], dtype=np.float32)))
    seen = seen.reshape(16, 16)
    assert seen[:8].all() and not seen[8:].any()


@pytest.mark.parametrize("top, left, right", [(12, 0, 275), (0, 20, 290), (14, 10, 300)])
def test_a_map_is_bettered_until_it_fits(texture: Texture, top: int, left: int, right: int) -> None:
    picture = texture(1, 180, 300, grain=8)
    cut = half_detail(picture[top:, left:right])
    layer = Layer(half_detail(picture))
    begun = maps_of(np.array([[0.03, 1, 0, 1]], dtype=np.float32))
    found = fitted(cut, layer, begun, 8, 0.12)
    window = np.array([[top / 180, 1, left / 300, right / 300]], dtype=np.float32)
    np.testing.assert_allclose(found, maps_of(window), atol=0.02)
    before, after = (correlated(*layer.laid(maps), cut.reshape(1, -1)) for maps in (begun, found))
    assert before[0] < 0.8 and after[0] > 0.95


def test_a_little_turn_fits_too(texture: Texture) -> None:
    picture = texture(1, 200, 200, grain=8)
    cut = half_detail(rotate(picture, 5, reshape=False)[20:-20, 20:-20])
    layer = Layer(half_detail(picture[20:-20, 20:-20]))
    begun = maps_of(np.array([[0, 1, 0, 1]], dtype=np.float32))
    found = fitted(cut, layer, begun, 8, 0.12)
    assert correlated(*layer.laid(found), cut.reshape(1, -1))[0] > 0.9
    assert abs(found[0, 0, 1]) == pytest.approx(np.sin(np.radians(5)), abs=0.02)


def test_blank_pictures_and_no_pictures_give_no_error() -> None:
    blank = np.zeros((2, 16, 16), dtype=np.float32)
    whole = maps_of(np.tile(np.array([0, 1, 0, 1], dtype=np.float32), (2, 1)))
    found = fitted(blank, Layer(blank), whole, 3, 0.1)
    np.testing.assert_allclose(found, whole, atol=1e-5)
    assert correlated(*Layer(blank).laid(found), blank.reshape(2, -1)).tolist() == [0, 0]
    assert fitted(blank[:0], Layer(blank[:0]), whole[:0], 3, 0.1).shape == (0, 2, 3)
