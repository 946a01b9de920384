"""A deformation by a grid moves image and mask together, and is still at a strength of 0."""

from functools import partial

import pytest

from tests.transforms.made_landmarks import check_pairs
from tests.transforms.made_ultrasound import check_habits
from transforms.grid_deformation import RandGridDeformationd


def test_it_keeps_to_the_habits_of_all() -> None:
    check_habits(partial(RandGridDeformationd, "image"), {"amount": 0})


def test_image_and_mask_move_together() -> None:
    check_pairs(RandGridDeformationd)


def test_bad_settings_are_named() -> None:
    with pytest.raises(ValueError, match=r"amount is 2; expected a number, .* from 0 to 0.9"):
        RandGridDeformationd("image", amount=2)
