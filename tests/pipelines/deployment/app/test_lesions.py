from __future__ import annotations

import numpy as np
import pytest
from skimage.draw import ellipse, polygon2mask

from pipelines.deployment.app.lesions import MOST, axes, measure


def test_an_ellipse_has_its_axes_and_its_area_in_mm() -> None:
    mask = np.zeros((120, 200), dtype=np.uint8)
    mask[ellipse(60, 100, 20, 70)] = 1  # rows, columns: half-axes
    (lesion,), left_out = measure(mask, (0.5, 0.2))
    assert left_out == 0 and lesion.in_mm
    assert lesion.long_axis == pytest.approx(28, rel=0.03)
    assert lesion.short_axis == pytest.approx(20, rel=0.06)
    assert lesion.area == pytest.approx(np.pi * 14 * 10, rel=0.03)
    assert lesion.area == pytest.approx(lesion.pixels * 0.1)


def test_without_a_spacing_sizes_are_in_pixels() -> None:
    mask = np.zeros((6, 9), dtype=np.uint8)
    mask[1:4, 2:6] = 2
    (lesion,), _ = measure(mask, None)
    assert (lesion.label, lesion.pixels, lesion.area, lesion.in_mm) == (2, 12, 12.0, False)
    assert (lesion.long_axis, lesion.short_axis) == (5.0, 4.8)


def test_the_long_axis_is_the_greatest_distance_in_mm_not_in_pixels() -> None:
    region = np.ones((4, 3), dtype=bool)
    long_axis, short_axis = axes(region, np.array([0.1, 10.0]))
    assert long_axis == pytest.approx(30, abs=0.01) and short_axis == pytest.approx(0.8, abs=0.01)


def test_the_outline_encloses_the_region() -> None:
    mask = np.zeros((40, 60), dtype=np.uint8)
    mask[ellipse(15, 40, 9, 15)] = 1
    (lesion,), _ = measure(mask, None)
    np.testing.assert_array_equal(lesion.outline[0], lesion.outline[-1])
    inside = polygon2mask(mask.shape, lesion.outline[:, ::-1] - 0.5)
    overlap = 2 * (inside & (mask == 1)).sum() / (inside.sum() + mask.sum())
    assert overlap > 0.95


def test_an_outline_stays_in_the_image() -> None:
    (lesion,), _ = measure(np.ones((5, 8), dtype=np.uint8), None)
    assert lesion.outline.min() >= 0
    assert lesion.outline[:, 0].max() <= 8 and lesion.outline[:, 1].max() <= 5


def test_the_largest_regions_are_measured_and_the_others_counted() -> None:
    mask = np.zeros((3, 60), dtype=np.uint8)
    mask[1, ::2] = 1
    mask[1, 10:20] = 1
    lesions, left_out = measure(mask, None)
    assert len(lesions) == MOST and lesions[0].pixels == 11
    assert left_out == 30 - 5 - MOST


def test_an_empty_mask_has_no_regions() -> None:
    assert measure(np.zeros((4, 5), dtype=np.uint8), (1.0, 1.0)) == ((), 0)
