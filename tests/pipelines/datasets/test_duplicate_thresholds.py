from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.datasets import duplicate_thresholds as module
from pipelines.datasets.duplicate_orientations import orient
from pipelines.datasets.duplicate_signatures import learned
from pipelines.datasets.duplicate_thresholds import (
    MIN_AGREEMENT,
    MIN_DETAIL,
    MIN_LIKENESS,
    MIN_UPRIGHT,
    MOST_LIKENESS,
    Thresholds,
    measured,
)
from pipelines.datasets.duplicates import small_copy
from tests.pipelines.datasets.made_limb import draw_limb

Texture = Callable[..., NDArray[np.uint8]]

LEAST = Thresholds(MIN_LIKENESS, MIN_AGREEMENT, MIN_UPRIGHT, MIN_DETAIL)


def textures(texture: Texture, count: int) -> NDArray[np.uint8]:
    return np.stack([small_copy(texture(seed, 90, 150)) for seed in range(count)])


def limbs(count: int) -> NDArray[np.uint8]:
    return np.stack([small_copy(draw_limb(seed)) for seed in range(count)])


def thresholds(smalls: NDArray[np.uint8]) -> Thresholds:
    signatures = learned(smalls)
    return measured(smalls, signatures, signatures.of_orientations(smalls))


def test_strangers_with_little_in_common_ask_for_the_least(texture: Texture) -> None:
    assert thresholds(textures(texture, 40)) == LEAST


def test_strangers_with_much_in_common_ask_for_more() -> None:
    found = thresholds(limbs(40))
    assert found.agreement > MIN_AGREEMENT + 0.15 and found.detail > 0.8


def test_few_pictures_are_not_measured(texture: Texture) -> None:
    assert thresholds(textures(texture, 19)) == Thresholds()


def test_copies_are_not_taken_for_strangers(texture: Texture) -> None:
    smalls = textures(texture, 100)
    found = thresholds(np.concatenate([smalls, orient(smalls, 3)]))
    assert found.agreement == MIN_AGREEMENT and found.detail == MIN_DETAIL


def test_the_same_set_gives_the_same_thresholds() -> None:
    assert thresholds(limbs(30)) == thresholds(limbs(30))


def test_many_alike_strangers_are_not_all_fitted(monkeypatch: pytest.MonkeyPatch) -> None:
    smalls = limbs(40)
    monkeypatch.setattr(module, "_ASKED_ALL", 0)
    assert MIN_LIKENESS < thresholds(smalls).likeness <= MOST_LIKENESS
    monkeypatch.setattr(module, "_ASKED_ALL", 1600)
    assert thresholds(smalls).likeness == MIN_LIKENESS


def test_blank_pictures_give_no_error() -> None:
    assert thresholds(np.zeros((30, 64, 64), dtype=np.uint8)) == LEAST
