from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pipelines.datasets.audit.mask_ceiling import mask_ceilings


def blob(radius: float, height: int = 300, width: int = 400) -> NDArray[np.uint8]:
    down, across = np.mgrid[:height, :width]
    angle = np.arctan2(down - 140.0, across - 250.0)
    return (np.hypot(down - 140, across - 250) < radius * (1 + 0.2 * np.sin(5 * angle))).astype(
        np.uint8
    )


def whole(mask: NDArray[np.uint8], size: int) -> float:
    """The same for the whole picture, without cutting it."""
    image = Image.fromarray(mask * 255)
    scale = size / max(mask.shape)
    small = image.resize(
        (round(image.width * scale), round(image.height * scale)), Image.Resampling.BILINEAR
    )
    half = Image.fromarray(((np.asarray(small) >= 128) * 255).astype(np.uint8))
    large = np.asarray(half.resize(image.size, Image.Resampling.BILINEAR)) >= 128
    return float(2 * (large & (mask > 0)).sum() / (large.sum() + (mask > 0).sum()))


@pytest.mark.parametrize("radius", [12, 40, 110, 160])
def test_it_is_the_dice_of_a_mask_with_itself_scaled_down_and_up(radius: float) -> None:
    mask = blob(radius)
    sizes = (64, 96, 160, 224, 320)
    expected = [whole(mask, size) for size in sizes]
    np.testing.assert_allclose(mask_ceilings(mask, sizes), expected, atol=0.02)


def test_larger_sizes_and_larger_lesions_lose_less() -> None:
    small, large = mask_ceilings(blob(15), (64, 160, 320)), mask_ceilings(blob(90), (64, 160, 320))
    assert list(small) == sorted(small) and list(large) == sorted(large)
    assert small[0] < 0.93 < large[0]


def test_nothing_is_lost_where_the_image_is_not_shrunk() -> None:
    assert mask_ceilings(blob(30), (400, 512)) == (1.0, 1.0)
    assert mask_ceilings(blob(30) * 0, (64,)) == ()


def test_what_vanishes_has_a_dice_of_zero_and_classes_count_alike() -> None:
    mask = np.zeros((400, 400), np.uint8)
    mask[200:202, 200:202] = 1
    assert mask_ceilings(mask, (64,)) == (0.0,)
    mask[100:300, 20:150] = 2
    (ceiling,) = mask_ceilings(mask, (64,))
    assert 0.45 < ceiling <= 0.5


@pytest.mark.parametrize("place", [np.s_[:, :3], np.s_[:, -3:], np.s_[:2], np.s_[-1:], np.s_[:]])
def test_masks_at_the_border_are_scaled_too(place: object) -> None:
    mask = np.zeros((211, 97), np.uint8)
    mask[place] = 1  # type: ignore[index]
    for ceiling in mask_ceilings(mask, (33, 64, 96, 128, 200)):
        assert 0 <= ceiling <= 1
