from __future__ import annotations

import numpy as np
import pytest
from skimage import data

from pipelines.datasets.audit import appearance
from tests.pipelines.datasets.audit.made_cases import scan


def test_sixteen_bits_are_stretched_by_percentiles() -> None:
    deep = scan(1).astype(np.uint16) * 10
    shown = appearance.eight_bits(deep)
    assert shown.dtype == np.uint8 and shown.min() == 0 and shown.max() == 255
    assert np.corrcoef(shown.ravel(), deep.ravel())[0, 1] > 0.99
    assert appearance.eight_bits(scan(1)) is not shown
    assert not appearance.eight_bits(np.full((5, 5), 900, np.uint16)).any()


def test_content_is_what_differs_from_the_middle() -> None:
    blank = np.random.default_rng(0).integers(10, 15, (50, 50)).astype(np.uint8)
    assert appearance.content(blank) == 0
    blank[:5] = 200
    assert appearance.content(blank) == pytest.approx(0.1)
    assert appearance.content(scan(0)) > 0.7
    assert appearance.content(scan(0).astype(np.uint16) * 200) > 0.7


def test_drawings_are_flat_and_recordings_are_not() -> None:
    drawing = np.full((60, 80), 240, np.uint8)
    drawing[20:30] = 90
    assert appearance.flat(drawing) > 0.9
    assert appearance.flat(scan(3)) < 0.05
    assert appearance.flat(np.zeros((60, 80), np.uint8)) == 0  # a dark ground is no drawing
    assert appearance.flat(np.zeros((1, 80), np.uint8)) == 0


def test_white_is_flat_around_a_little_text_and_not_around_a_radiograph() -> None:
    page = np.full((60, 80), 255, np.uint8)
    page[10:14, 10:40] = scan(1)[10:14, 10:40]
    assert appearance.flat(page) > 0.9
    radiograph = np.full((60, 80), 255, np.uint8)
    radiograph[:, 25:60] = scan(1)[:, 25:60]
    assert appearance.flat(radiograph) < 0.05


@pytest.mark.parametrize("shape", [(60, 80), (8, 300), (2000, 30), (1, 1)])
def test_every_picture_has_a_look(shape: tuple[int, int]) -> None:
    look = appearance.look(np.resize(scan(2), shape))
    assert len(look) == 21 and np.isfinite(look).all() and np.abs(look).max() < 10


def test_a_look_hardly_changes_with_the_size_and_differs_between_kinds() -> None:
    camera = data.camera()
    one, half = np.array(appearance.look(camera)), np.array(appearance.look(camera[::2, ::2]))
    other = np.array(appearance.look(scan(0)))
    assert np.linalg.norm(one - half) < np.linalg.norm(one - other) / 3
