from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.datasets import duplicate_agreement as module
from pipelines.datasets.duplicate_agreement import agreements
from pipelines.datasets.duplicate_candidates import Candidates
from pipelines.datasets.duplicate_orientations import orient
from pipelines.datasets.duplicates import small_copy
from tests.pipelines.datasets.made_limb import draw_limb

Array = NDArray[np.uint8]
Texture = Callable[..., Array]

TOP, RIGHT = 12, 25  # pixels that the cuts below lack


def cuts(pictures: list[Array]) -> tuple[Array, Candidates]:
    """Cuts each picture and turns it; of the candidates the first half is true."""
    # `orient` 5 is its own inverse, so that it is what the row must name.
    changed = [orient(picture[TOP:, :-RIGHT], 5) for picture in pictures]
    smalls = np.stack([small_copy(picture) for picture in (*pictures, *changed)])
    count = len(pictures)
    place = np.arange(count)
    rows = [np.stack([place, count + other, 0 * place + 5], axis=1) for other in (place, place - 1)]
    rows[1][0, 1] = 2 * count - 1
    height, width = pictures[0].shape
    near = np.array([TOP / height + 0.03, 1, 0, 1 - RIGHT / width - 0.03], dtype=np.float32)
    table = np.tile(near, (2 * count, 1))
    likeness = np.full(2 * count, 0.8, dtype=np.float32)
    flags = np.zeros(2 * count, dtype=bool)
    return smalls, Candidates(np.concatenate(rows), table, likeness, flags)


@pytest.mark.parametrize("likeness", [0.8, 0.99])
def test_cuts_agree_with_their_pictures_and_not_with_others(
    texture: Texture, likeness: float
) -> None:
    smalls, chosen = cuts([texture(seed, 180, 300, grain=8) for seed in range(6)])
    chosen.likeness[:] = likeness  # those that are very much alike are first compared as they lie
    found = agreements(smalls, chosen, 0.5)
    assert found[:6].min() > 0.6 and found[6:].max() < 0.1


def test_strangers_that_share_edges_agree_less_than_copies() -> None:
    smalls, chosen = cuts([draw_limb(seed) for seed in range(24)])
    found = agreements(smalls, chosen, 1.0)
    assert np.median(found[:24]) > 0.75 and found[24:].max() < 0.6


def test_marks_and_gain_change_little(texture: Texture) -> None:
    pictures = [texture(seed, 180, 300, grain=8) // 2 for seed in range(6)]
    smalls, chosen = cuts(pictures)
    smalls[6:] = (255 * (smalls[6:] / 255) ** 1.5).astype(np.uint8)
    smalls[6:, 20:22, 10:30] = 255
    assert agreements(smalls, chosen, 0.5)[:6].min() > 0.45


def test_what_is_measured_at_once_changes_nothing(
    texture: Texture, monkeypatch: pytest.MonkeyPatch
) -> None:
    smalls, chosen = cuts([texture(seed, 180, 300, grain=8) for seed in range(7)])
    expected = agreements(smalls, chosen, 0.5)
    monkeypatch.setattr(module, "_ROWS", 3)
    np.testing.assert_allclose(agreements(smalls, chosen, 0.5), expected, atol=1e-3)


def test_no_candidates_give_no_error(texture: Texture) -> None:
    smalls, chosen = cuts([texture(1)])
    assert agreements(smalls, chosen[:0], 0.5).shape == (0,)
