from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra import numpy as arrays
from PIL import Image, ImageDraw

from pipelines.datasets.sources.label_edges import edge_values, other_size, unlike_classes


def disc(value: int = 255, size: tuple[int, int] = (64, 48)) -> Image.Image:
    image = Image.new("L", size)
    ImageDraw.Draw(image).ellipse((10, 10, 30, 30), fill=value)
    return image


SMOOTH = Image.Resampling.BICUBIC


def test_values_along_edges() -> None:
    assert edge_values(np.asarray(disc())) == []
    ring = np.zeros((9, 9), dtype=np.uint8)
    ring[3:6, 3:6] = 1
    ring[4, 4] = 2
    assert edge_values(ring) == [1, 2]


@pytest.mark.parametrize("size", [(40, 30), (66, 50), (100, 80), (500, 400)])
@pytest.mark.parametrize("value", [255, 170])
def test_a_smooth_resize_leaves_soft_edges(size: tuple[int, int], value: int) -> None:
    soft = np.asarray(disc(value).resize(size, SMOOTH))
    line = unlike_classes(soft, 2)
    count = len(np.unique(soft))
    assert line.startswith(f"has soft edges: {count} grey values (0, ")
    assert "nearest-neighbour" in line and line.endswith("by --threshold 128")
    assert "--threshold" not in unlike_classes(soft, 4)
    hard = np.asarray(disc(value).resize(size, Image.Resampling.NEAREST))
    assert unlike_classes(hard, 2) == ""


def test_few_soft_values_are_told_from_classes() -> None:
    soft = np.asarray(disc().resize((100, 80), SMOOTH)).astype(int) * 5 // 256 * 63
    assert len(np.unique(soft)) == 5 and "soft edges" in unlike_classes(soft, 2)
    classes = np.repeat(np.repeat(np.arange(16).reshape(4, 4) % 5, 8, axis=0), 8, axis=1)
    assert unlike_classes(classes, 2) == ""


def test_thin_classes_are_no_soft_edges() -> None:
    vessels = np.zeros((40, 40), dtype=np.uint8)
    vessels[10:20, 10:20] = 1
    vessels[5], vessels[:, 30] = 2, 3
    assert edge_values(vessels) == [2, 3] and unlike_classes(vessels, 4) == ""


def test_a_picture_is_no_mask() -> None:
    ramp = np.add.outer(np.arange(48), np.arange(64)).astype(np.uint8)
    assert unlike_classes(ramp, 2).startswith("holds 111 grey values (0, 1, 2, 3, … 110) all over")
    many = np.repeat(np.repeat(np.arange(20).reshape(4, 5), 8, axis=0), 8, axis=1)
    assert unlike_classes(many, 2) and unlike_classes(many, 20) == ""


def test_sizes() -> None:
    assert other_size((4, 3), (4, 3)) == ""
    assert other_size((8, 6), (4, 3)) == (
        ". It is also 8 x 6 pixels, its image 4 x 3: export both at one size"
    )


@settings(deadline=None)
@given(arrays.arrays(np.uint16, arrays.array_shapes(min_dims=2, max_dims=2, max_side=9)))
def test_any_values_give_one_short_line(values: np.ndarray) -> None:
    line = unlike_classes(values, 2)
    assert "\n" not in line and len(line) < 350
    assert set(edge_values(values)) <= set(values.ravel().tolist())
