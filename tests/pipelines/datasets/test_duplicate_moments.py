from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.datasets import duplicate_moments as module
from pipelines.datasets.duplicate_moments import later, shifted_detail
from pipelines.datasets.duplicates import small_copy

Array = NDArray[np.uint8]
Texture = Callable[..., Array]


@pytest.fixture
def smalls(texture: Texture) -> Array:
    """Eight textures with a common fade; the last four are the first a little shifted."""
    fade = np.linspace(255, 30, 180)[:, None]
    textures = [texture(seed, 180, 300, grain=8) for seed in range(4)]
    textures += [np.roll(one, (10, -14), axis=(0, 1)) for one in textures]
    return np.stack([small_copy((one * 0.1 + fade * 0.9).astype(np.uint8)) for one in textures])


def test_detail_is_compared_after_a_small_shift(smalls: Array) -> None:
    values = smalls.astype(np.float32)
    assert shifted_detail(values[:4], values[4:]).min() > 0.5
    assert shifted_detail(values[:4], values[:3:-1]).max() < 0.4
    assert shifted_detail(values[:0], values[:0]).shape == (0,)


def test_one_scene_is_as_bright_and_shares_detail(
    smalls: Array, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs = np.array([[0, 4], [0, 5], [1, 5], [2, 7]])
    assert later(smalls, pairs, 0.5).tolist() == [True, False, True, False]
    monkeypatch.setattr(module, "_PAIRS", 3)
    assert later(smalls, pairs, 0.5).tolist() == [True, False, True, False]
    smalls[4] = 255 - smalls[4]
    smalls[5, :, 32:] //= 4
    assert not later(smalls, pairs, 0.1)[[0, 2]].any()


def test_one_margin_does_not_make_strangers_alike(smalls: Array) -> None:
    pairs = np.array([[0, 1], [2, 3], [0, 4]])
    smalls[:, :, 52:] = 0
    smalls[:, :, :6] = 0
    assert later(smalls, pairs, 0.5).tolist() == [False, False, True]
