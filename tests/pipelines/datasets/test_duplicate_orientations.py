from __future__ import annotations

import numpy as np
import pytest
from scipy.fft import dctn

from pipelines.datasets.duplicate_orientations import (
    ORIENTATIONS,
    inverse,
    orient,
    orient_frequencies,
)


def test_the_orientations_are_all_different() -> None:
    picture = np.arange(16).reshape(4, 4)
    assert len({orient(picture, number).tobytes() for number in range(ORIENTATIONS)}) == 8


@pytest.mark.parametrize("number", range(ORIENTATIONS))
def test_frequencies_turn_with_their_picture(number: int) -> None:
    pictures = np.random.default_rng(0).normal(size=(2, 8, 8)).astype(np.float32)
    expected = dctn(orient(pictures, number), axes=(1, 2))
    found = orient_frequencies(dctn(pictures, axes=(1, 2)), number)
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_the_inverse_undoes_an_orientation() -> None:
    picture = np.arange(12).reshape(3, 4)
    for number, back in enumerate(inverse(np.arange(ORIENTATIONS))):
        np.testing.assert_array_equal(orient(orient(picture, number), int(back)), picture)
