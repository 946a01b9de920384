"""What is no image in [0, 1] is refused by name."""

import pytest
import torch
from monai.data import MetaTensor

from transforms.picture import PictureError
from transforms.unit_image import plain, unit_image


def test_an_image_becomes_a_plain_float_tensor() -> None:
    given = MetaTensor(torch.ones(1, 3, 2, dtype=torch.uint8))
    assert type(plain(given)) is torch.Tensor and plain(given).dtype == torch.uint8
    found = unit_image(given.numpy(), "image", "Rand")
    assert type(found) is torch.Tensor and found.dtype == torch.float32
    assert unit_image(torch.full((1, 2, 2), 1.0005), "image", "Rand").max() > 1


@pytest.mark.parametrize("value", [255.0, -0.5, float("nan")])
def test_another_range_is_refused(value: float) -> None:
    with pytest.raises(PictureError, match=r"scan holds values from .*; RandX expects 0 to 1"):
        unit_image(torch.full((1, 2, 2), value), "scan", "RandX")
