"""A batch norm over a single value is told before the training, and where memory ran out."""

import pytest
import torch
from torch import nn

from networks.head import classifier_head
from pipelines.errors import InputError
from pipelines.training.single_image import check_single_image, is_single_image


def network(**head: bool) -> nn.Module:
    return nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), classifier_head(2, 3, **head))


def test_a_head_with_batch_norm_needs_two_images() -> None:
    with pytest.raises(InputError, match=r"batch_size is 1, .* give --batch_size 2 or more"):
        check_single_image(network(batch_norm=True), 1, 8)


def test_maps_of_several_pixels_need_one_and_stay_as_they_are() -> None:
    plain = network()
    before = {name: value.clone() for name, value in plain.state_dict().items()}
    check_single_image(plain, 1, 8)
    assert all(torch.equal(before[name], value) for name, value in plain.state_dict().items())


def test_another_error_is_another() -> None:
    assert not is_single_image(ValueError("something else"))
    assert not is_single_image(RuntimeError("Expected more than 1 value per channel"))
