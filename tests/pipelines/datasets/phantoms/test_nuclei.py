from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial import cKDTree
from skimage.measure import label, regionprops

from pipelines.datasets.phantoms.grid import Grid
from pipelines.datasets.phantoms.nuclei import NUCLEUS_KINDS, at, draw_nuclei, scatter, stamp

GRID = Grid(200, 260, 0.5)
EVERYWHERE = np.ones((200, 260), np.float32)


def test_points_cover_the_plane_and_keep_apart() -> None:
    points = scatter(np.random.default_rng(0), GRID, 8.0)
    inside = points[(points >= 0).all(axis=1) & (points < (100, 130)).all(axis=1)]
    expected = 100 * 130 / (8.0 * 8.0 * 0.866)
    assert len(inside) == pytest.approx(expected, rel=0.15)
    assert cKDTree(points).query(points, k=2)[0][:, 1].min() > 8.0 * 0.2


def test_fields_are_read_at_points_and_beyond_the_edge() -> None:
    field = np.arange(200 * 260).reshape(200, 260)
    points = np.array([[0.1, 0.6], [-5.0, 500.0]])
    assert at(field, GRID, points).tolist() == [1, 259]


@pytest.mark.parametrize("name", [name for name in NUCLEUS_KINDS if name != "fragment"])
def test_one_nucleus_has_the_size_and_length_of_its_kind(name: str) -> None:
    kind = NUCLEUS_KINDS[name]
    areas, lengths = [], []
    for seed in range(30):
        canvas = np.zeros((100, 100), np.float32)
        stamp(np.random.default_rng(seed), canvas, kind, np.array([50.0, 50.0]), 0.7, 0.25)
        assert canvas.max() <= 1.8 * kind.amount[1] and canvas.min() == 0
        shape = max(regionprops(label(canvas > 0.02)), key=lambda region: region.area)
        areas.append(shape.area * 0.25**2)
        lengths.append(shape.axis_major_length / shape.axis_minor_length)
    middle = np.mean(kind.radius)
    assert np.sqrt(np.mean(areas) / np.pi) == pytest.approx(middle, rel=0.15)
    assert np.mean(lengths) == pytest.approx(np.mean(kind.elongation), rel=0.2)


def test_long_axes_follow_the_course() -> None:
    kind = replace(NUCLEUS_KINDS["fibroblast"], jitter=0.0, distance=30.0)
    for angle, axis in ((0.0, 1), (np.pi / 2, 0)):
        drawn = draw_nuclei(np.random.default_rng(0), GRID, kind, EVERYWHERE, angle * EVERYWHERE)
        steps = [np.abs(np.diff(drawn, axis=side)).sum() for side in (0, 1)]
        assert steps[axis] < 0.7 * steps[1 - axis]


def test_nuclei_lie_where_their_chance_is_and_in_every_other_place_none() -> None:
    left = np.zeros((200, 260), np.float32)
    left[:, :130] = 1
    drawn = draw_nuclei(np.random.default_rng(0), GRID, NUCLEUS_KINDS["tumour"], left)
    assert drawn[:, :120].mean() > 0.1 and drawn[:, 160:].max() == 0


def test_a_nucleus_outside_the_plane_leaves_no_trace() -> None:
    canvas = np.zeros((20, 20), np.float32)
    stamp(
        np.random.default_rng(0), canvas, NUCLEUS_KINDS["gland"], np.array([-90.0, 5.0]), 0.0, 0.5
    )
    assert canvas.max() == 0


def test_lymphocytes_are_darker_than_tumour_nuclei_and_these_larger() -> None:
    lymphocyte, tumour = NUCLEUS_KINDS["lymphocyte"], NUCLEUS_KINDS["tumour"]
    assert lymphocyte.amount[0] >= tumour.amount[1] and tumour.radius[1] > lymphocyte.radius[1]
