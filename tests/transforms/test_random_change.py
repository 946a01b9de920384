"""What the random changes share: drawn once, applied to every image, replayed by the seed."""

from typing import NamedTuple

import pytest
import torch

from tests.transforms.made_ultrasound import GREY, check_habits
from transforms.picture import PictureError
from transforms.random_change import RandChanged


class Factor(NamedTuple):
    factor: float
    seed: int


class RandDarkerd(RandChanged):
    def __init__(
        self,
        keys: str | list[str] = "image",
        prob: float = 1.0,
        lowest: float = 0.5,
        missing: bool = False,
    ) -> None:
        super().__init__(keys, prob, missing)
        self.lowest = lowest

    def drawn(self) -> Factor:
        return Factor(self.uniform(self.lowest, 1), self.seed())

    def changed(self, image: torch.Tensor) -> torch.Tensor:
        return image * self.draw.factor


def test_it_keeps_to_the_habits_of_all() -> None:
    check_habits(RandDarkerd, {"lowest": 1.0})


def test_all_images_get_what_was_drawn() -> None:
    transform = RandDarkerd(["a", "b"]).set_random_state(1)
    found = transform({"a": GREY, "b": GREY / 2})
    torch.testing.assert_close(found["a"], GREY * transform.draw.factor)
    torch.testing.assert_close(found["b"], found["a"] / 2)
    assert 0 <= transform.draw.seed < 2**31


def test_missing_keys_are_passed_over_where_allowed() -> None:
    assert RandDarkerd(["image", "b"], missing=True)({"image": GREY}).keys() == {"image"}
    with pytest.raises(KeyError, match="b"):
        RandDarkerd(["image", "b"])({"image": GREY})


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match=r"prob is 1\.5; expected a number"):
        RandDarkerd(prob=1.5)
    with pytest.raises(PictureError, match=r"image holds values from .*; RandDarkerd expects 0"):
        RandDarkerd()({"image": 255 * GREY})
