from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.datasets import duplicate_coherence as module
from pipelines.datasets.duplicate_candidates import orient
from pipelines.datasets.duplicate_coherence import coherences
from pipelines.datasets.duplicate_correlations import detail_correlations
from pipelines.datasets.duplicates import small_copy
from tests.pipelines.datasets.made_limb import draw_limb

Texture = Callable[..., NDArray[np.uint8]]


def rows(count: int, orientation: int = 0) -> NDArray[np.int64]:
    place = np.arange(count)
    return np.stack([place, place, np.full(count, orientation), place * 0], axis=1)


def test_a_cut_is_laid_over_its_picture(texture: Texture) -> None:
    pictures = [texture(seed, 180, 300, grain=8) for seed in range(6)]
    smalls = np.stack([small_copy(picture) for picture in pictures])
    cut = np.stack([small_copy(orient(picture[12:, :-25], 5)) for picture in pictures])
    # `orient` 5 is its own inverse, so that it is what the row must name.
    np.testing.assert_array_equal(orient(orient(smalls, 5), 5), smalls)
    coherence, fitted = coherences(smalls, cut, rows(6, 5))
    assert coherence.min() > 0.6 and fitted.min() > 0.85
    coherence, _ = coherences(smalls, cut[::-1], rows(6, 5))
    assert coherence.max() < 0.3


def test_edges_that_strangers_share_are_not_coherent() -> None:
    smalls = np.stack([small_copy(draw_limb(seed)) for seed in range(24)])
    others = smalls[::-1]
    assert detail_correlations(smalls, others, rows(24)).max() > 0.6
    coherence, _ = coherences(smalls, others, rows(24))
    assert coherence.max() < 0.4
    coherence, fitted = coherences(smalls, smalls // 2 + 60, rows(24))
    assert coherence.min() > 0.6 and fitted.min() > 0.9


def test_what_is_measured_at_once_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    smalls = np.stack([small_copy(draw_limb(seed)) for seed in range(7)])
    expected = coherences(smalls, smalls[::-1], rows(7))
    monkeypatch.setattr(module, "_PAIRS", 3)
    for found, value in zip(coherences(smalls, smalls[::-1], rows(7)), expected, strict=True):
        np.testing.assert_allclose(found, value, atol=1e-3)


def test_blank_pictures_and_no_pictures_give_no_error() -> None:
    blank = np.zeros((2, 64, 64), dtype=np.uint8)
    coherence, fitted = coherences(blank, blank, rows(2))
    assert np.isfinite(coherence).all() and np.isfinite(fitted).all()
    assert coherences(blank, blank, rows(0))[0].shape == (0,)
