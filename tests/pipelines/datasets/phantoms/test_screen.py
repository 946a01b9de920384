"""A scanner's furniture round its picture."""

from __future__ import annotations

import numpy as np

from pipelines.datasets.phantoms.screen import write_screen


def test_it_lies_at_the_edges_and_the_middle_is_left_alone() -> None:
    picture = np.full((200, 300), 40, np.uint8)
    shown = write_screen(np.random.default_rng(0), picture, lines=6, bar=0.3)
    assert shown.dtype == np.uint8 and shown.shape == picture.shape
    assert np.all(picture == 40)
    assert np.array_equal(shown[60:, 30:], picture[60:, 30:])
    assert shown[:60, 200:].max() > 100  # text
    assert shown[5:65, 0].max() == 255 and shown[5:65, 0].min() < 10  # the grey bar
