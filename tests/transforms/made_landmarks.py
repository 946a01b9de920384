"""Landmarks that move: what the tests of deformations share."""

from __future__ import annotations

from collections.abc import Callable

import torch
from monai.transforms import Compose

from transforms.deformation import RandDeformed

HEIGHT, WIDTH = 97, 130
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


def check_pairs(kind: Callable[..., RandDeformed]) -> None:
    """Image and mask move alike, by the seed alone, and a sample that is left alone stays."""
    composed = Compose([kind("image", "label", prob=1.0)])
    runs = []
    for seed in (1, 2, 1):
        composed.set_random_state(seed)
        given = {"image": landmarks(), "label": 3 * landmarks().to(torch.uint8)}
        runs.append(composed(given))
        image, mask = runs[-1]["image"], runs[-1]["label"]
        assert mask.dtype == torch.uint8 and set(mask.unique().tolist()) == {0, 3}
        check(image, (mask > 0).float(), least=0.5)
    assert torch.equal(runs[0]["image"], runs[2]["image"])
    assert torch.equal(runs[0]["label"], runs[2]["label"])
    assert not torch.equal(runs[0]["image"], runs[1]["image"])
    mask = landmarks()
    assert kind("image", "label", prob=0.0)({"image": mask, "label": mask})["label"] is mask
