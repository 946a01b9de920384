from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import binary_fill_holes, gaussian_filter
from skimage.measure import label

from pipelines.deployment.app import outlines
from pipelines.deployment.app.outlines import outer_border


def enclosed(line: NDArray[np.float64]) -> float:
    """The area within a closed line that runs clockwise on a screen."""
    x, y = line.T
    return float(x[:-1] @ y[1:] - y[:-1] @ x[1:]) / 2


def test_a_single_pixel_has_its_area() -> None:
    line = outer_border(np.ones((1, 1), dtype=bool))
    assert line.tolist() == [[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]] and enclosed(line) == 1


def test_pixels_that_touch_at_corners_are_in_one_line() -> None:
    region = np.eye(3, dtype=bool) | np.eye(3, dtype=bool)[::-1]
    assert enclosed(outer_border(region)) == 5


def test_a_long_border_of_a_hole_is_not_the_outline() -> None:
    region = np.ones((64, 64), dtype=bool)
    region[4:6, 4:60] = False
    for column in range(4, 60, 4):
        region[4:60, column : column + 2] = False
    assert outer_border(region).tolist() == [[0, 0], [64, 0], [64, 64], [0, 64], [0, 0]]


@pytest.mark.parametrize("seed", range(3))
def test_any_region_is_enclosed_with_its_holes(seed: int) -> None:
    parts = label(gaussian_filter(np.random.default_rng(seed).normal(size=(60, 80)), 1) > 0)
    region = parts == np.bincount(parts[parts > 0]).argmax()
    assert enclosed(outer_border(region)) == binary_fill_holes(region).sum()


def test_a_very_long_outline_is_drawn_more_coarsely(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlines, "MOST_POINTS", 30)
    line = outer_border(np.tri(40, dtype=bool))
    assert len(line) <= 30 and enclosed(line) == pytest.approx(820, rel=0.05)
    assert line[0].tolist() == line[-1].tolist()
