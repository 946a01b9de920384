from __future__ import annotations

import numpy as np
import pytest

from pipelines.datasets.phantoms.fields import bend, smooth_field, strands, wavy_line
from pipelines.datasets.phantoms.grid import Grid


@pytest.mark.parametrize("spacing", [0.1, 0.2])
def test_a_field_has_unit_deviation_whatever_the_pixel_side(spacing: float) -> None:
    grid = Grid(round(40 / spacing), round(60 / spacing), spacing)
    field = smooth_field(np.random.default_rng(0), grid, 1.0, 1.0)
    assert field.shape == (grid.height, grid.width)
    assert abs(field.mean()) < 0.1
    assert field.std() == pytest.approx(1.0, abs=0.15)


def test_a_field_is_longer_along_its_longer_length() -> None:
    field = smooth_field(np.random.default_rng(0), Grid(200, 200, 0.2), 0.8, 4.0)
    assert np.abs(np.diff(field, axis=0)).mean() > 3 * np.abs(np.diff(field, axis=1)).mean()


def test_a_line_undulates_by_its_height() -> None:
    line = wavy_line(np.random.default_rng(0), Grid(10, 4000, 0.2), 0.9, 4.0)
    assert line.shape == (1, 4000)
    assert line.std() == pytest.approx(0.9, rel=0.2)


def test_strands_follow_the_zero_crossings_that_face_the_beam() -> None:
    depth = np.linspace(-5.0, 5.0, 101)[:, None] + np.zeros((1, 50))
    lying = strands(depth, 0.2, 0.1)
    assert lying.argmax(axis=0) == pytest.approx(50)
    assert 0.9 < lying.max() <= 1 and lying[0].max() < 1e-6
    assert strands(depth.T, 0.2, 0.1).max() == 0  # along the beam


def test_bending_moves_columns_down() -> None:
    field = np.arange(6.0)[:, None].repeat(2, axis=1)
    bent = bend(field, np.array([[0.0, 0.4]]), 0.2)
    assert bent[:, 0].tolist() == [0, 1, 2, 3, 4, 5]
    assert bent[:, 1].tolist() == [4, 5, 0, 1, 2, 3]
