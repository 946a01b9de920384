from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.datasets import duplicate_thresholds as module
from pipelines.datasets.duplicate_candidates import hashes, orient
from pipelines.datasets.duplicate_thresholds import (
    MIN_ASKED,
    MIN_COHERENCE,
    MIN_DETAIL,
    MOST_ASKED,
    SURE_DETAIL,
    Thresholds,
    measured,
)
from pipelines.datasets.duplicates import small_copy
from tests.pipelines.datasets.made_limb import draw_limb

Texture = Callable[..., NDArray[np.uint8]]


def textures(texture: Texture, count: int) -> NDArray[np.uint8]:
    return np.stack([small_copy(texture(seed, 90, 150)) for seed in range(count)])


def limbs(count: int) -> NDArray[np.uint8]:
    return np.stack([small_copy(draw_limb(seed)) for seed in range(count)])


def test_strangers_with_little_in_common_ask_for_the_least(texture: Texture) -> None:
    smalls = textures(texture, 40)
    assert measured(smalls, hashes(smalls)) == Thresholds(MIN_DETAIL, MIN_ASKED, MIN_COHERENCE)


def test_strangers_with_much_in_common_ask_for_more() -> None:
    smalls = limbs(40)
    assert measured(smalls, hashes(smalls)).detail > 0.6


def test_few_pictures_are_not_measured(texture: Texture) -> None:
    smalls = textures(texture, 19)
    strict = Thresholds(SURE_DETAIL, MIN_ASKED, MIN_COHERENCE)
    assert measured(smalls, hashes(smalls)) == strict


def test_copies_are_not_taken_for_strangers(texture: Texture) -> None:
    smalls = textures(texture, 40)
    smalls = np.concatenate([orient(smalls, number) for number in range(4)])
    assert measured(smalls, hashes(smalls)).detail == MIN_DETAIL


def test_the_same_set_gives_the_same_thresholds() -> None:
    smalls = limbs(30)
    assert measured(smalls, hashes(smalls)) == measured(smalls, hashes(smalls))


def test_many_alike_strangers_are_not_all_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    smalls = limbs(40)
    assert measured(smalls, hashes(smalls)).asked == MIN_ASKED
    monkeypatch.setattr(module, "_ASKED", 1)
    assert MIN_ASKED < measured(smalls, hashes(smalls)).asked <= MOST_ASKED
