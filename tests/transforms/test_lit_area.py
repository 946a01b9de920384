"""The sector is found inside its black, and what it encloses belongs to it."""

import torch

from tests.transforms.made_ultrasound import letterboxed
from transforms.lit_area import Box, depths, lit_area, lit_box


def test_the_box_surrounds_what_is_lit() -> None:
    image = torch.zeros(2, 12, 9)
    image[1, 3, 2] = image[0, 7, 5] = 0.4
    image[0, 11, 8] = 0.01  # compression's dirt
    assert lit_box(image) == Box(3, 8, 2, 6)
    assert lit_box(torch.zeros(1, 12, 9)) == Box(0, 12, 0, 9)
    assert lit_box(letterboxed()) == Box(10, 30, 0, 30)


def test_a_cyst_is_lit_and_the_corner_is_not() -> None:
    image = torch.zeros(1, 12, 12)
    image[0, 2:10, 2:10] = 0.5
    image[0, 4:8, 4:8] = 0
    area = lit_area(image)
    assert area[2:10, 2:10].all() and area.sum() == 64


def test_depth_runs_from_the_top_of_the_box_to_its_bottom() -> None:
    found = depths(Box(2, 6, 0, 1), 8)
    torch.testing.assert_close(found, torch.tensor([0, 0, 1, 3, 5, 7, 8, 8]) / 8)
