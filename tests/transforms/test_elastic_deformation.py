"""An elastic deformation moves image and mask together, and is still at a strength of 0."""

from functools import partial

import pytest

from tests.transforms.made_landmarks import check_pairs
from tests.transforms.made_ultrasound import check_habits
from transforms.elastic_deformation import RandElasticDeformationd


def test_it_keeps_to_the_habits_of_all() -> None:
    check_habits(partial(RandElasticDeformationd, "image"), {"amount": 0})


def test_image_and_mask_move_together() -> None:
    check_pairs(RandElasticDeformationd)


def test_bad_settings_are_named() -> None:
    with pytest.raises(ValueError, match=r"amount is 2; expected a number, .* from 0 to 0.1"):
        RandElasticDeformationd("image", amount=2)
