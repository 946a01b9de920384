from __future__ import annotations

import numpy as np

from pipelines.datasets.resize import fitted, shrink_picture
from tests.pipelines.datasets.made_layout import Given, GivenMask, Made, pixels


def test_large_images_are_shrunk_with_their_masks_and_spacing(made: Made) -> None:
    made.masked()
    made.change(0, image=Given(made.texture(0), (0.2, 0.1)))
    small = made.texture(5)[:20, :30]
    mask = np.zeros((20, 30), np.uint8)
    mask[3, 4] = 1
    made.change(5, image=Given(small), masks=(GivenMask(mask),))
    items = made.convert("segmentation", size=45).dataset.items
    assert [(item["width"], item["height"]) for item in items[:2]] == [(45, 30)] * 2
    assert (items[5]["width"], items[5]["height"]) == (30, 20)
    np.testing.assert_array_equal(pixels(made.out / items[5]["image"]), small)
    assert items[0]["spacing"] == [0.4, 0.2] and "spacing" not in items[1]
    label = pixels(made.out / items[0]["label"])
    assert label.shape == (30, 45) and set(np.unique(label)) == {0, 1}
    np.testing.assert_array_equal(np.argwhere(label)[[0, -1]], [[5, 2], [9, 24]])
    assert made.said == []


def test_a_lesion_that_vanishes_is_named(made: Made) -> None:
    made.masked()
    point = np.zeros((60, 90), np.uint8)
    point[0, 0] = 1
    made.change(1, masks=(GivenMask(point),))
    made.convert("segmentation", size=9)
    line = 'the mask of "x/1.png" became empty when it was shrunk; give a greater --size'
    assert made.said == [f"warning: {line}"]


def test_nothing_is_enlarged_or_loses_its_last_pixel() -> None:
    assert fitted(30, 40, 100) == fitted(30, 40, None) == (30, 40)
    assert fitted(3, 4000, 100) == (1, 100)
    deep = np.full((20, 30), 65535, np.uint16)
    shrunk = shrink_picture(deep, (7, 10))
    assert shrunk.dtype == np.uint16 and (shrunk == 65535).all()
    assert shrink_picture(deep, (20, 30)) is deep
    colour = np.dstack([deep.astype(np.uint8)] * 3)
    assert shrink_picture(colour, (7, 10)).shape == (7, 10, 3)


def test_a_fine_pattern_becomes_its_mean() -> None:
    stripes = np.tile(np.array([0, 255], np.uint8), (40, 20))
    inner = shrink_picture(stripes, (10, 10))[2:-2, 2:-2]
    assert (abs(inner.astype(int) - 127) < 12).all()
