from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pipelines.datasets.duplicate_coherence import coherences
from pipelines.datasets.duplicate_detail import detail
from pipelines.datasets.duplicates import small_copy
from tests.pipelines.datasets.made_limb import draw_limb

Texture = Callable[..., NDArray[np.uint8]]
Floats = NDArray[np.float32]


def details(*pictures: NDArray[np.uint8]) -> Floats:
    smalls = np.stack([small_copy(picture) for picture in pictures]).astype(np.float32)
    return detail(smalls, 3.0)


def test_copies_are_coherent_and_strangers_are_not(texture: Texture) -> None:
    shown = details(*(texture(seed, 180, 300, grain=8) for seed in range(6)))
    copied = details(*(texture(seed, 180, 300, grain=8) // 2 + 60 for seed in range(6)))
    assert coherences(shown, copied).min() > 0.7
    assert np.abs(coherences(shown, copied[::-1])).max() < 0.1


def test_edges_that_strangers_share_are_less_coherent_than_they_correlate() -> None:
    shown = details(*(draw_limb(seed) for seed in range(24)))
    correlation = (shown * shown[::-1]).mean(axis=(1, 2))
    assert correlation.max() > 0.5
    assert coherences(shown, shown[::-1]).max() < 0.35
    assert coherences(shown, shown).min() > 0.7


def test_blank_pictures_and_no_pictures_give_no_error() -> None:
    blank = np.zeros((2, 64, 64), dtype=np.float32)
    assert coherences(blank, blank).tolist() == [0, 0]
    assert coherences(blank[:0], blank[:0]).shape == (0,)
