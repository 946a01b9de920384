"""Made images for the transforms of ultrasound: not square, with black around what is lit."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from monai.transforms import Compose
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from transforms.random_change import RandChanged

HEIGHT, WIDTH = 41, 30
RANDOM = torch.Generator().manual_seed(0)
GREY = 0.2 + 0.6 * torch.rand(1, HEIGHT, WIDTH, generator=RANDOM)
RGB = 0.2 + 0.6 * torch.rand(3, HEIGHT, WIDTH, generator=RANDOM)
FLAT = torch.full((1, HEIGHT, WIDTH), 0.5)


TISSUE_SHAPE = (150, 220)


def tissue(seed: int = 0) -> NDArray[np.float32]:
    """Speckled grey, smoother across the beams than along them, as a scanner shows it."""
    noise = gaussian_filter(np.random.RandomState(seed).normal(size=TISSUE_SHAPE), (0.8, 2.5))
    return np.clip(0.4 + 0.12 * noise / noise.std(), 0, 1).astype(np.float32)[None]


def letterboxed() -> torch.Tensor:
    """Half grey in rows 10 to 29, black above and below."""
    image = torch.zeros(1, HEIGHT, WIDTH)
    image[:, 10:30] = 0.5
    return image


def check_habits(make: Callable[..., RandChanged], zero: dict[str, object]) -> None:
    """What every random change keeps to.

    Args:
        make: gives a transform of ``image`` from its arguments.
        zero: arguments with which nothing changes.
    """
    for image in (GREY, RGB, FLAT, letterboxed(), torch.zeros(1, 16, 9)):
        transform, before = make(prob=1.0).set_random_state(3), image.clone()
        for _ in range(4):
            found = transform({"image": image, "label": 1})
            assert type(found["image"]) is torch.Tensor and found["label"] == 1
            assert found["image"].dtype == torch.float32 and found["image"].shape == image.shape
            assert found["image"].min() >= 0 and found["image"].max() <= 1
        assert torch.equal(image, before)
    _check_replay(make)
    _check_prob(make)
    for image in (GREY, letterboxed()):
        still = make(prob=1.0, **zero).set_random_state(0)({"image": image})
        assert torch.equal(still["image"], image)


def _check_replay(make: Callable[..., RandChanged]) -> None:
    """The same state gives the same samples, and nothing is drawn elsewhere."""
    composed, world = Compose([make(prob=0.5)]), torch.get_rng_state()
    runs = []
    for seed in (5, 5, 6):
        composed.set_random_state(seed)
        runs.append(torch.stack([composed({"image": GREY})["image"] for _ in range(8)]))
    assert torch.equal(runs[0], runs[1])
    assert not torch.equal(runs[0], runs[2])
    assert torch.equal(torch.get_rng_state(), world)
    same = [bool(torch.equal(sample, GREY)) for sample in runs[0]]
    assert any(same) and not all(same)


def _check_prob(make: Callable[..., RandChanged]) -> None:
    """A sample that is left alone stays; all images of one that is not get the same change."""
    never = make(prob=0.0).set_random_state(0)
    assert torch.equal(never({"image": GREY})["image"], GREY)
    always = make(prob=1.0).set_random_state(0)
    assert not torch.equal(always({"image": GREY})["image"], GREY)
