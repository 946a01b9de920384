from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.datasets.duplicate_orientations import orient
from pipelines.datasets.duplicate_signatures import learned
from pipelines.datasets.duplicates import small_copy

Texture = Callable[..., NDArray[np.uint8]]


def textures(texture: Texture, count: int, fade: float = 0.0) -> NDArray[np.uint8]:
    dark = np.exp(-fade * np.linspace(0, 1, 90))[:, None]
    pictures = [(texture(seed, 90, 120, grain=8) * dark).astype(np.uint8) for seed in range(count)]
    return np.stack([small_copy(picture) for picture in pictures])


@pytest.mark.parametrize("count", [2, 60])
def test_a_cut_is_like_one_window_of_its_picture_only(texture: Texture, count: int) -> None:
    smalls = textures(texture, count)
    picture = texture(1, 90, 120, grain=8)
    cut = small_copy(picture[9:81, 12:])  # the window from 0.1 to 0.9 down and 0.1 to 1 across
    signatures = learned(smalls)
    likeness = signatures.of_windows(smalls) @ signatures.of_orientations(cut[None])[0, 0]
    assert likeness[1].max() > 0.97 and likeness[1, 0] < 0.9
    assert likeness[0].max() < 0.8


def test_a_turned_picture_has_the_signatures_of_its_orientations(texture: Texture) -> None:
    smalls = textures(texture, 30)
    signatures = learned(smalls)
    expected = signatures.of_orientations(orient(smalls, 5))[:, 0]
    np.testing.assert_allclose(signatures.of_orientations(smalls)[:, 5], expected, atol=1e-3)


def test_what_all_pictures_have_in_common_does_not_make_them_alike(texture: Texture) -> None:
    smalls = textures(texture, 60, fade=3)
    found = learned(smalls).of_orientations(smalls)[:, 0]
    alike = (found @ found.T)[np.triu_indices(60, 1)]
    assert abs(alike.mean()) < 0.1 and np.quantile(alike, 0.99) < 0.8


def test_what_shows_nothing_is_like_nothing(texture: Texture) -> None:
    blank = np.full((2, 64, 64), 90, dtype=np.uint8)
    smalls = np.concatenate([textures(texture, 3), blank])
    signatures = learned(smalls)
    assert not signatures.of_orientations(blank).any() and not signatures.of_windows(blank).any()
    assert signatures.of_orientations(smalls[:3]).any(axis=(1, 2)).all()


def test_no_pictures_give_no_signatures() -> None:
    none = np.empty((0, 64, 64), dtype=np.uint8)
    assert learned(none).of_orientations(none).shape[:2] == (0, 8)
