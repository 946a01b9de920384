from typing import Any

import pytest
import torch

from networks.errors import NetworkError
from networks.normalisation import NORMALISATIONS, Normalisation


def test_each_channel_has_its_own() -> None:
    images = torch.rand(2, 3, 4, 5)
    mean, deviation = (torch.tensor(values) for values in NORMALISATIONS["imagenet"])
    expected = (images - mean[:, None, None]) / deviation[:, None, None]
    assert torch.allclose(Normalisation(3, "imagenet")(images), expected)


def test_grey_images_take_the_average_of_three() -> None:
    layer = Normalisation(1, "imagenet")
    assert layer.mean.item() == pytest.approx((0.485 + 0.456 + 0.406) / 3)
    assert layer.deviation.item() == pytest.approx((0.229 + 0.224 + 0.225) / 3)


def test_symmetric_values_reach_from_minus_one_to_one() -> None:
    layer = Normalisation(3, "symmetric")
    assert layer(torch.tensor([0.0, 0.5, 1.0]).reshape(1, 3, 1, 1)).flatten().tolist() == [-1, 0, 1]


def test_the_choice_stands_in_the_state() -> None:
    layer = Normalisation(1, [[0.2], [0.1]])
    other = Normalisation(1, "unit")
    other.load_state_dict(layer.state_dict())
    assert torch.equal(other(torch.ones(1, 1, 1, 1)), torch.full((1, 1, 1, 1), 8.0))


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ("imagnet", "expected unit, symmetric, imagenet"),
        ([[0.5, 0.5], [1.0, 1.0]], "has 2 channels, the images 3"),
        ([[0.5], [0.0]], "above 0"),
        ([0.5, 0.5], "standard deviation"),
        ([["a"], ["b"]], "standard deviation"),
    ],
)
def test_a_wrong_choice_is_refused(choice: Any, expected: str) -> None:
    with pytest.raises(NetworkError, match=expected):
        Normalisation(3, choice)
