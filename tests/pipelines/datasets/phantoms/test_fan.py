"""The fan of a curved array: where its samples lie, and the picture made of them."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.datasets.phantoms.fan import View, make_fan, scan_convert
from pipelines.datasets.phantoms.grid import Grid

FAN = make_fan(radius=50.0, half_angle=0.6, depth=100.0, focus=50.0, rows=200)


def test_samples_are_as_long_as_wide_at_the_focus() -> None:
    depth, lateral = FAN.place
    row = 100  # at the focus
    wide = np.hypot(np.diff(depth[row]), np.diff(lateral[row]))
    assert FAN.grid.spacing == pytest.approx(0.5)
    assert wide == pytest.approx(0.5, rel=0.02)


def test_every_sample_of_a_row_is_as_far_from_the_array() -> None:
    depth, lateral = FAN.place
    far = np.hypot(depth + FAN.radius, lateral) - FAN.radius
    np.testing.assert_allclose(far, FAN.grid.depth + 0 * lateral, atol=1e-3)
    assert lateral[:, 0].max() < 0 < lateral[:, -1].min()


def test_the_picture_shows_each_place_where_it_lies() -> None:
    depth, lateral = FAN.place
    view = View(Grid(80, 120, 1.0), top=5.0, left=-60.0)
    for signal, wanted in (
        (depth, view.grid.depth + view.top),
        (lateral, view.grid.lateral + view.left),
    ):
        picture, inside = scan_convert(signal, FAN, view)
        whole = inside == 1
        assert 0.4 < whole.mean() < 1
        assert np.abs(picture - wanted)[whole].max() < 0.2


def test_outside_the_fan_is_nothing() -> None:
    _, inside = scan_convert(FAN.place[0], FAN, View(Grid(140, 200, 1.0), -5.0, -100.0))
    assert inside[0, 100] == inside[-1].max() == 0  # above the array, below the last sample
    assert inside[10, 0] == inside[10, -1] == 0 and inside[60, 100] == 1
