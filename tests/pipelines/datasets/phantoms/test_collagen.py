from __future__ import annotations

import numpy as np

from pipelines.datasets.phantoms.collagen import draw_course, fibres
from pipelines.datasets.phantoms.grid import Grid

GRID = Grid(120, 150, 1.0)


def likeness(texture: np.ndarray, shift: tuple[int, int]) -> float:
    moved = np.roll(texture, shift, axis=(0, 1))[12:-12, 12:-12]
    return float(np.corrcoef(moved.ravel(), texture[12:-12, 12:-12].ravel())[0, 1])


def test_fibres_run_along_their_course() -> None:
    for angle, along, across in ((0.0, (0, 10), (10, 0)), (np.pi / 2, (10, 0), (0, 10))):
        course = np.full((120, 150), angle, np.float32)
        texture = fibres(np.random.default_rng(0), GRID, course, 2.5, 60.0)
        assert likeness(texture, along) > 0.6 > 0.3 > abs(likeness(texture, across))


def test_fibres_have_mean_zero_and_deviation_one() -> None:
    rng = np.random.default_rng(1)
    texture = fibres(rng, GRID, draw_course(rng, GRID), 3.0, 40.0)
    assert texture.shape == (120, 150)
    assert abs(texture.mean()) < 1e-3 and abs(texture.std() - 1) < 1e-3


def test_the_course_is_smooth_and_its_own_in_each_image() -> None:
    one, other = (draw_course(np.random.default_rng(seed), GRID) for seed in (0, 1))
    assert one.shape == (120, 150) and not np.allclose(one, other)
    assert max(np.abs(np.diff(one, axis=axis)).max() for axis in (0, 1)) < 0.3
