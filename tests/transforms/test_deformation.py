"""Elastic and grid deformation, the policy's and MONAI's own: masks move exactly with images."""

from collections.abc import Callable

import pytest
import torch
from monai.transforms import Compose, Rand2DElasticd, RandGridDistortiond

from transforms.deformation import elastic, grid_distorted

HEIGHT, WIDTH = 97, 130
BOTH = {"keys": ["image", "label"], "mode": ["bilinear", "nearest"], "padding_mode": "zeros"}
LANDMARKS = [(20, 30), (20, 100), (48, 65), (75, 30), (75, 100)]


def landmarks() -> torch.Tensor:
    """A spot of 7 x 7 pixels at each landmark, (5, height, width)."""
    spots = torch.zeros(len(LANDMARKS), HEIGHT, WIDTH)
    for spot, (row, column) in zip(spots, LANDMARKS, strict=True):
        spot[row - 3 : row + 4, column - 3 : column + 4] = 1
    return spots


def centres(spots: torch.Tensor) -> torch.Tensor:
    """Row and column of the middle of each spot, (5, 2)."""
    total = spots.sum(dim=(1, 2))
    rows = spots.sum(dim=2) @ torch.arange(HEIGHT).float() / total
    columns = spots.sum(dim=1) @ torch.arange(WIDTH).float() / total
    return torch.stack([rows, columns], dim=1)


def check(image: torch.Tensor, mask: torch.Tensor, least: float) -> None:
    """Each landmark of the image stands where the mask's does, and they have moved."""
    apart = (centres(image) - centres(mask)).abs().max()
    assert apart < 0.5  # a mask has no half pixels
    assert ((image >= 0.5) != (mask > 0)).float().mean() < 1e-3
    assert (centres(image) - centres(landmarks())).norm(dim=1).max() > least


@pytest.mark.parametrize(
    "made",
    [
        Rand2DElasticd(spacing=(20, 20), magnitude_range=(2, 3), prob=1.0, **BOTH),
        RandGridDistortiond(num_cells=5, distort_limit=0.3, prob=1.0, **BOTH),
    ],
    ids=["elastic", "grid"],
)
def test_those_of_monai_move_image_and_mask_together(made: Rand2DElasticd) -> None:
    composed = Compose([made])
    runs = []
    for seed in (1, 2, 1):
        composed.set_random_state(seed)
        runs.append(composed({"image": landmarks(), "label": landmarks()}))
        check(runs[-1]["image"], runs[-1]["label"], least=1.0)
        assert runs[-1]["image"].shape == (5, HEIGHT, WIDTH)
        assert runs[-1]["image"].dtype == torch.float32
    assert torch.equal(runs[0]["image"], runs[2]["image"])
    assert not torch.equal(runs[0]["image"], runs[1]["image"])


@pytest.mark.parametrize(("deform", "amount"), [(elastic, 0.03), (grid_distorted, 0.3)])
def test_those_of_the_policy_do_the_same(
    deform: Callable[[torch.Tensor, float, int, str], torch.Tensor], amount: float
) -> None:
    image, mask = (deform(landmarks(), amount, 4, mode) for mode in ("bilinear", "nearest"))
    check(image, mask, least=1.0)
    assert type(image) is torch.Tensor and image.dtype == torch.float32
    assert torch.equal(image, deform(landmarks(), amount, 4, "bilinear"))
    assert not torch.equal(image, deform(landmarks(), amount, 5, "bilinear"))
    assert deform(mask, 0, 4, "nearest") is mask
    assert deform(landmarks()[:1, :9, :14], amount, 4, "bilinear").shape == (1, 9, 14)
