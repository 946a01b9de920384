from __future__ import annotations

import numpy as np
import pytest

from pipelines.datasets.duplicate_detail import blurring, detail, halved


def noise(count: int = 2) -> np.ndarray:
    return np.random.default_rng(0).normal(100, 20, size=(count, 64, 64)).astype(np.float32)


def test_detail_knows_no_fade_and_no_gain() -> None:
    fade = np.linspace(90, 0, 64, dtype=np.float32)[:, None]
    found, expected = detail(noise() * 0.5 + fade, 3.0), detail(noise(), 3.0)
    inner = np.s_[:, 8:-8, 8:-8]
    np.testing.assert_allclose(found[inner], expected[inner], atol=0.1)


def test_detail_has_mean_0_and_deviation_1_and_is_clipped() -> None:
    pictures = noise()
    pictures[0, :3, :3] = 5000
    found = detail(pictures, 3.0)
    assert found[1].mean() == pytest.approx(0, abs=0.01)
    assert found[1].std() == pytest.approx(1, abs=0.02)
    assert found[0].max() == pytest.approx(3) and found.dtype == np.float32


def test_a_blank_picture_has_no_detail() -> None:
    assert np.abs(detail(np.full((1, 64, 64), 250, dtype=np.float32), 3.0)).max() < 0.01


def test_blurring_keeps_what_is_even() -> None:
    np.testing.assert_allclose(blurring(32, 2.5).sum(axis=1), 1, atol=1e-5)


def test_halved_pictures_are_means_of_blocks() -> None:
    pictures = np.arange(16, dtype=np.float32).reshape(1, 4, 4)
    np.testing.assert_array_equal(halved(pictures), [[[2.5, 4.5], [10.5, 12.5]]])
