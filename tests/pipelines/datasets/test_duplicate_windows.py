from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.fft import dctn

from pipelines.datasets.duplicate_windows import (
    SIDE,
    used,
    whole_frequencies,
    window_frequencies,
    windows,
)
from pipelines.datasets.duplicates import small_copy

Texture = Callable[..., NDArray[np.uint8]]


def test_the_first_window_is_the_whole_picture_and_none_is_small() -> None:
    np.testing.assert_array_equal(windows()[0], [0, 1, 0, 1])
    heights, widths = windows()[:, 1] - windows()[:, 0], windows()[:, 3] - windows()[:, 2]
    assert (heights * widths).min() > 0.54 and (heights * widths).min() < 0.6
    assert len(np.unique(windows(), axis=0)) == len(windows())


def test_the_mean_is_not_used() -> None:
    assert used().shape == (8, 8) and not used()[0, 0] and used()[0, 1] and not used()[7, 7]


def test_frequencies_of_the_whole_are_those_of_scipy(texture: Texture) -> None:
    smalls = np.stack([small_copy(texture(seed)) for seed in range(3)])
    expected = dctn(smalls.astype(float), axes=(1, 2), norm="ortho")[:, :8, :8]
    np.testing.assert_allclose(whole_frequencies(smalls), expected, rtol=1e-3, atol=0.2)
    np.testing.assert_allclose(window_frequencies(smalls)[:, 0], expected, rtol=1e-3, atol=0.2)


def test_frequencies_of_a_window_are_those_of_the_cut(texture: Texture) -> None:
    small = small_copy(texture(1, 256, 256, grain=20))
    found = window_frequencies(small[None])[0]
    for number in (5, 20, len(windows()) - 1):
        top, bottom, left, right = (float(edge) * SIDE for edge in windows()[number])
        box = (left, top, right, bottom)
        cut = Image.fromarray(small).resize((SIDE, SIDE), Image.Resampling.BOX, box=box)
        expected = whole_frequencies(np.asarray(cut)[None])[0]
        assert np.corrcoef(found[number][used()], expected[used()])[0, 1] > 0.99
