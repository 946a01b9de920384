import pytest
import torch

from networks.errors import NetworkError
from networks.planned_unet import plan_strides, planned_unet


@pytest.mark.parametrize(
    ("image_size", "halved"), [(16, 2), (32, 3), (96, 4), (128, 5), (160, 5), (224, 5), (256, 6)]
)
def test_maps_are_halved_while_they_are_large_and_even(image_size: int, halved: int) -> None:
    assert plan_strides(image_size) == [1] + [2] * halved


def test_it_answers_at_the_size_that_it_was_planned_for() -> None:
    network = planned_unet(48, in_channels=3, out_channels=4, filters=4, most_filters=8).eval()
    images = torch.rand(2, 3, 48, 48)
    answer = network(images)
    assert answer.shape == (2, 4, 48, 48)
    torch.testing.assert_close(torch.jit.script(network)(images), answer)


def test_what_cannot_be_planned_is_named() -> None:
    with pytest.raises(NetworkError, match=r"image_size is 30; .* for instance 32"):
        plan_strides(30)
    with pytest.raises(NetworkError, match="most_filters is 8; expected a whole number from 16"):
        planned_unet(64, filters=16, most_filters=8)


@pytest.mark.parametrize(
    ("name", "value"),
    [("image_size", "x"), ("filters", "a"), ("in_channels", 0), ("residual", "perhaps")],
)
def test_what_is_of_the_wrong_kind_is_named(name: str, value: object) -> None:
    with pytest.raises(NetworkError, match=f"{name} is {value!r}; expected"):
        planned_unet(**{"image_size": 64, name: value})  # type: ignore[arg-type]


def test_the_word_false_makes_no_residual_blocks() -> None:
    small = {"filters": 4, "most_filters": 4}
    word, plain = (planned_unet(16, residual=no, **small) for no in ("false", False))  # type: ignore[arg-type]
    assert list(word.state_dict()) == list(plain.state_dict())
