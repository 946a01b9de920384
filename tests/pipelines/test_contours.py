"""Borders of masks: closed, in row and column, around parts and holes."""

import numpy as np

from pipelines.contours import outline


def test_a_line_stands_in_rows_and_columns_between_the_pixels() -> None:
    mask = np.zeros((10, 20), dtype=bool)
    mask[2:5, 12:19] = True
    (line,) = outline(mask)
    np.testing.assert_array_equal(line[0], line[-1])
    assert line.min(axis=0).tolist() == [1.5, 11.5]
    assert line.max(axis=0).tolist() == [4.5, 18.5]


def test_a_mask_that_fills_the_image_has_a_closed_line_around_it() -> None:
    (line,) = outline(np.ones((3, 5), dtype=bool))
    assert line.min(axis=0).tolist() == [-0.5, -0.5]
    assert line.max(axis=0).tolist() == [2.5, 4.5]


def test_an_empty_mask_has_no_line() -> None:
    assert outline(np.zeros((3, 5), dtype=bool)) == []


def test_a_hole_has_a_line_that_runs_the_other_way() -> None:
    mask = np.ones((9, 9), dtype=bool)
    mask[4, 4] = False
    areas = []
    for line in outline(mask):
        row, column = line.T
        areas.append(float(np.sum(row[:-1] * column[1:] - row[1:] * column[:-1])))
    assert sorted(np.sign(areas).tolist()) == [-1, 1]
