from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy import ndimage
from skimage.draw import polygon2mask

from pipelines.datasets.exports.polygons import Outlines, outlines


def drawn(found: Outlines, shape: tuple[int, int], index: int) -> NDArray[np.bool_]:
    """Fills the polygons of a class again, as a reader does."""
    mask = np.zeros(shape, bool)
    for number, corners in found.polygons:
        if number == index:
            mask |= polygon2mask(shape, corners[:, ::-1] * shape - 0.5)
    return mask


def disc(height: int, width: int) -> NDArray[np.bool_]:
    rows, columns = np.mgrid[:height, :width]
    return ((rows - height / 2) / (0.3 * height)) ** 2 + (
        (columns - width / 2) / (0.4 * width)
    ) ** 2 < 1


def test_a_round_piece_comes_back_within_a_pixel() -> None:
    mask = disc(120, 90).astype(np.uint8)
    found = outlines(mask)
    assert len(found.polygons) == 1 and found.holes == 0
    corners = found.polygons[0][1]
    assert 3 <= len(corners) < 120
    again = drawn(found, mask.shape, 1)
    assert (again & (mask == 1)).sum() / (again | (mask == 1)).sum() > 0.98
    assert not (again & ~ndimage.binary_dilation(mask)).any()


def test_holes_are_filled_and_counted() -> None:
    mask = disc(60, 80).astype(np.uint8)
    mask[28:32, 38:42] = mask[30, 45] = 0
    found = outlines(mask)
    assert found.holes == 2 and len(found.polygons) == 1
    assert drawn(found, mask.shape, 1)[28:32, 38:42].all()


def test_pieces_and_classes_have_a_polygon_each() -> None:
    mask = np.zeros((20, 30), np.uint8)
    mask[0:5, 0:6] = mask[12:20, 22:30] = 1
    mask[6:9, 10:14] = 2
    found = outlines(mask)
    assert [index for index, _ in found.polygons] == [1, 1, 2]
    for index in (1, 2):
        assert np.array_equal(drawn(found, mask.shape, index), mask == index)


def test_a_single_pixel_is_a_polygon_around_its_middle() -> None:
    mask = np.zeros((8, 10), np.uint8)
    mask[3, 7] = 1
    corners = outlines(mask).polygons[0][1]
    assert len(corners) >= 3
    assert np.allclose(corners.mean(axis=0), [7.5 / 10, 3.5 / 8])


def test_an_empty_mask_has_none() -> None:
    assert outlines(np.zeros((5, 5), np.uint8)) == ([], 0)


@settings(max_examples=60, deadline=None)
@given(
    arrays(np.uint8, st.tuples(st.integers(1, 12), st.integers(1, 12)), elements=st.integers(0, 2))
)
def test_every_piece_has_one_polygon_inside_the_picture(mask: NDArray[np.uint8]) -> None:
    found = outlines(mask)
    pieces = sum(ndimage.label(mask == index)[1] for index in (1, 2))
    assert len(found.polygons) == pieces
    for _, corners in found.polygons:
        assert len(corners) >= 3 and corners.min() >= 0 and corners.max() <= 1
