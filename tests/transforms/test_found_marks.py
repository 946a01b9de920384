"""Thin bright strokes and colours are marks; tissue, wide and dark things are not."""

import numpy as np

from tests.transforms.made_ultrasound import TISSUE_SHAPE, tissue
from transforms.drawn_marks import MARKS, drawn_marks
from transforms.found_marks import found_marks


def test_tissue_holds_no_marks() -> None:
    for seed in range(5):
        assert found_marks(tissue(seed), 0.3, 3).mean() < 1e-3


def test_drawn_marks_are_found() -> None:
    for kind in MARKS:
        for seed in range(3):
            ink = drawn_marks(*TISSUE_SHAPE, [kind], 0.08, seed).numpy()
            image = tissue(seed) + ink * (1 - tissue(seed))
            found = found_marks(image, 0.3, 3)
            # a probe's bar may be wider than a stroke; it is not looked for
            assert found[ink > 0.9].mean() > (0.6 if kind == "body_mark" else 0.9), (kind, seed)
            assert found[ink == 0].mean() < 0.01


def test_what_is_wide_or_dark_is_no_mark() -> None:
    image = tissue()
    image[:, 40:60, 40:60] = 0.95  # a bright area
    image[:, 100, 20:200] = 0.0  # a dark line
    assert found_marks(image, 0.3, 3).mean() < 2e-3


def test_colours_are_marks() -> None:
    image = np.repeat(tissue(), 3, axis=0)
    image[:2, 20:40, 20:60] = 0.8
    image[2, 20:40, 20:60] = 0.1
    found = found_marks(image, 0.3, 3)
    assert found[20:40, 20:60].all() and found.mean() < 1.2 * 800 / found.size
