"""Outlines lie where the mask is, at any scale; nothing is too small to be seen."""

import numpy as np
import pytest

from pipelines.preview.colours import PALETTE
from pipelines.preview.outlines import SMALLEST, Pen, border, outlined, pen_of
from tests.pipelines.preview.made_dataset import like, mask

ORANGE, BLUE = PALETTE[:2]
PEN = Pen(width=2.0, rim=1.0, inside=False)


def grey(height: int, width: int) -> np.ndarray:
    return np.full((height, width, 3), 60, dtype=np.uint8)


@pytest.mark.parametrize("scale", [1, 2, 4])
def test_the_line_runs_along_the_border_of_a_mask_that_is_not_square(scale: int) -> None:
    picture = outlined(grey(40 * scale, 80 * scale), mask(), {1: ORANGE}, PEN)
    rows, columns = np.nonzero(like(picture, ORANGE))
    # The mask fills rows 20 to 31 and columns 50 to 73; half of the line lies on either side.
    assert rows.min() == pytest.approx(20 * scale - 1, abs=1)
    assert rows.max() == pytest.approx(32 * scale, abs=1)
    assert columns.min() == pytest.approx(50 * scale - 1, abs=1)
    assert columns.max() == pytest.approx(74 * scale, abs=1)
    middle = (slice(23 * scale, 29 * scale), slice(54 * scale, 70 * scale))
    np.testing.assert_array_equal(picture[middle], grey(40 * scale, 80 * scale)[middle])


def test_the_border_is_moved_without_a_shift_of_half_a_pixel() -> None:
    region = np.zeros((10, 30), dtype=bool)
    region[2:8, 6:24] = True
    (line,) = border(region, (25, 75)).lines
    # Between pixel 1 and 2 of ten lies 2/10 of the height: 5 of 25 rows, the edge at 4.5.
    assert line.min(axis=0).tolist() == [4.5, 14.5]
    assert line.max(axis=0).tolist() == [19.5, 59.5]


def test_beside_the_line_the_picture_is_darker_and_further_off_unchanged() -> None:
    picture = outlined(grey(80, 160), mask(), {1: ORANGE}, PEN)
    row = picture[52, :, 0].astype(int)  # through the middle of the mask
    left = 100  # the border
    assert row[left - 1] > 200 and row[left] > 200
    assert row[left - 2] < 45 and row[left + 1] < 45
    assert row[left - 5] == 60 and row[left + 4] == 60


def test_a_lesion_of_one_pixel_in_a_large_image_is_seen() -> None:
    indices = np.zeros((2000, 3000), dtype=np.uint8)
    indices[500, 2250] = 1
    picture = outlined(grey(100, 150), indices, {1: ORANGE}, PEN)
    rows, columns = np.nonzero(like(picture, ORANGE, within=60))
    assert len(rows) >= 8
    assert rows.mean() == pytest.approx(25, abs=1) and columns.mean() == pytest.approx(112, abs=1)
    assert np.ptp(rows) == pytest.approx(SMALLEST, abs=2)


def test_a_small_lesion_is_not_moved_and_a_large_one_not_enlarged() -> None:
    region = np.zeros((100, 100), dtype=bool)
    region[10:12, 70:72] = True
    region[40:60, 20:40] = True
    traced = border(region, (100, 100))
    (line,), (spot,) = traced.lines, traced.spots
    assert ((spot.min(axis=0) + spot.max(axis=0)) / 2).tolist() == [10.5, 70.5]
    assert np.ptp(spot, axis=0).tolist() == [SMALLEST, SMALLEST]
    assert np.ptp(line, axis=0).tolist() == [20, 20]


def test_a_small_hole_is_not_enlarged() -> None:
    region = np.ones((100, 100), dtype=bool)
    region[50, 50] = False
    traced = border(region, (100, 100))
    assert traced.spots == []
    assert sorted(float(np.ptp(line)) for line in traced.lines)[0] < 2


def test_lines_of_classes_that_touch_lie_side_by_side() -> None:
    indices = np.ones((60, 90), dtype=np.uint8)
    indices[:, 45:] = 2
    picture = outlined(grey(60, 90), indices, {1: ORANGE, 2: BLUE}, Pen(2.0, 1.0, inside=True))
    assert like(picture, ORANGE)[30, 43:45].all() and not like(picture, ORANGE)[30, 45:].any()
    assert like(picture, BLUE)[30, 45:47].all() and not like(picture, BLUE)[30, :45].any()


def test_a_class_without_a_colour_is_not_outlined() -> None:
    np.testing.assert_array_equal(outlined(grey(40, 80), mask(), {2: BLUE}, PEN), grey(40, 80))


def test_the_given_picture_is_not_changed() -> None:
    picture = grey(40, 80)
    outlined(picture, mask(), {1: ORANGE}, PEN)
    np.testing.assert_array_equal(picture, grey(40, 80))


def test_a_larger_tile_has_a_wider_line_and_several_classes_have_it_inside() -> None:
    assert pen_of(512, 1).width > pen_of(256, 1).width >= pen_of(96, 1).width >= 1.5
    assert [pen_of(256, classes).inside for classes in (1, 2)] == [False, True]
