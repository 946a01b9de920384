"""The deformations of a strength and a seed: masks move exactly with images."""

from collections.abc import Callable

import pytest
import torch

from tests.transforms.made_landmarks import HEIGHT, WIDTH, check, landmarks
from transforms.deformation import elastic, grid_distorted


@pytest.mark.parametrize(("deform", "amount"), [(elastic, 0.015), (grid_distorted, 0.3)])
def test_those_of_a_policy_do_the_same(
    deform: Callable[[torch.Tensor, float, int, str], torch.Tensor], amount: float
) -> None:
    image, mask = (deform(landmarks(), amount, 4, mode) for mode in ("bilinear", "nearest"))
    check(image, mask, least=1.0)
    assert type(image) is torch.Tensor and image.dtype == torch.float32
    assert torch.equal(image, deform(landmarks(), amount, 4, "bilinear"))
    assert not torch.equal(image, deform(landmarks(), amount, 5, "bilinear"))
    assert deform(mask, 0, 4, "nearest") is mask
    assert deform(landmarks()[:1, :9, :14], amount, 4, "bilinear").shape == (1, 9, 14)


@pytest.mark.parametrize("seed", range(6))
def test_a_grid_stays_within_the_borders(seed: int) -> None:
    rows = torch.arange(HEIGHT).float()[None, :, None].expand(1, HEIGHT, WIDTH)
    columns = torch.arange(WIDTH).float()[None, None].expand(1, HEIGHT, WIDTH)
    for places, axis, side in ((rows, 1, HEIGHT), (columns, 2, WIDTH)):
        found = grid_distorted(places, 0.3, seed, "bilinear").movedim(axis, 0)
        assert found[0].max() == 0 and found[-1].min() == side - 1
        steps = found.diff(dim=0)
        assert steps.min() >= 0 and steps.max() < 2  # none of the image is left out
