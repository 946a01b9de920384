from __future__ import annotations

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pipelines.datasets.audit.mask_shape import digest, measure_mask, regions
from tests.pipelines.datasets.audit.made_cases import lesion


def disc(side: int = 80, radius: int = 20) -> NDArray[np.uint8]:
    down, across = np.mgrid[:side, :side] - side // 2
    return (down**2 + across**2 <= radius**2).astype(np.uint8)


def blurred(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Half the size and back, with interpolation."""
    image = Image.fromarray(mask)
    small = image.resize((mask.shape[1] // 2, mask.shape[0] // 2), Image.Resampling.BILINEAR)
    return np.asarray(small.resize(image.size, Image.Resampling.BILINEAR))


def jpeg(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    buffer = io.BytesIO()
    Image.fromarray(mask).save(buffer, "JPEG", quality=60)
    return np.asarray(Image.open(buffer))


def test_a_plain_mask() -> None:
    mask = measure_mask(lesion(), 2)
    assert (mask.width, mask.height) == (80, 60)
    assert mask.counts == (4300, 500) and mask.lesions == (500,) and mask.parts == 1
    assert not (mask.stray or mask.soft or mask.seams or mask.specks or mask.touches)
    assert not mask.corners and mask.digest == digest(lesion())


def test_an_empty_and_a_full_mask() -> None:
    empty = measure_mask(np.zeros((6, 8), np.uint8), 3)
    assert empty.counts == (48, 0, 0) and empty.parts == 0 and not empty.marked
    full = measure_mask(np.ones((6, 8), np.uint8), 2)
    assert full.marked == 48 and full.corners and full.touches == 24 and full.lesions == (48,)


def test_parts_touch_at_corners_and_small_ones_are_specks() -> None:
    mask = np.zeros((60, 80), np.uint8)
    mask[2:8, 2:8] = mask[8:14, 8:14] = 1
    mask[30:40, 30:40] = 1
    mask[50, 50] = mask[52:55, 60:65] = 1
    found = measure_mask(mask, 2)
    assert found.lesions == (100, 72) and found.parts == 2 and found.specks == 2
    assert found.dots == 2 and not found.speckled
    mask[30:40, 30:40] = 2
    assert measure_mask(mask, 3).lesions == (100, 72)


def test_small_beside_a_large_part_is_a_speck_but_no_dot() -> None:
    mask = np.zeros((120, 120), np.uint8)
    mask[:100, :100] = 1
    mask[110:114, 110:115] = mask[118, 118] = 1
    found = measure_mask(mask, 2)
    assert (found.parts, found.specks, found.dots) == (1, 2, 1)


def test_random_specks_are_noise() -> None:
    noise = (np.random.default_rng(0).random((60, 80)) < 0.01).astype(np.uint8)
    assert measure_mask(noise, 2).speckled and measure_mask(noise | lesion(), 2).speckled


def test_stray_values_are_counted() -> None:
    mask = lesion()
    mask[0, :5] = 7
    mask[10, 10] = 200
    found = measure_mask(mask, 2)
    assert found.stray == ((7, 5), (200, 1)) and found.strays == 2 and not found.soft
    assert measure_mask(lesion() * 255, 2).stray == ((255, 500),)
    deep = lesion().astype(np.uint16) * 1000
    assert measure_mask(deep, 2).stray == ((1000, 500),)


@pytest.mark.parametrize("soften", [blurred, jpeg])
@pytest.mark.parametrize("shape", [disc(), lesion()])
def test_soft_edges_are_seen(soften: object, shape: NDArray[np.uint8]) -> None:
    found = measure_mask(soften(shape * 255), 2)  # type: ignore[operator]
    assert found.soft and not found.seams and found.parts == 1


def test_values_that_lie_elsewhere_are_not_soft_edges() -> None:
    mask = disc() * 255
    for number, value in enumerate((30, 60, 90, 120)):
        mask[2 + 4 * number : 5 + 4 * number, 2:12] = value
    assert not measure_mask(mask, 2).soft
    assert not measure_mask(disc() * 2, 3).soft


def test_an_interpolated_class_is_a_seam_and_a_drawn_one_is_not() -> None:
    mask = blurred(disc() * 2)
    assert set(np.unique(mask)) == {0, 1, 2}
    assert measure_mask(mask, 3).seams == (1,)
    beside = disc() * 2
    beside[:, 35:46] = 1
    assert measure_mask(beside, 3).seams == ()


def test_regions_are_of_values_and_of_a_soft_mask_its_brighter_half() -> None:
    two = lesion()
    two[50:, :10] = 3
    one, other = regions(two)
    np.testing.assert_array_equal(one, lesion() == 1)
    assert other.sum() == 100 and regions(two * 0) == []
    (soft,) = regions(jpeg(disc() * 255))
    assert abs(int(soft.sum()) - int(disc().sum())) < 30


def test_a_digest_is_of_the_pixels_and_their_shape() -> None:
    flat = np.zeros((4, 6), np.uint8)
    assert digest(flat) == digest(np.zeros((6, 4), np.uint8).T)
    assert len({digest(flat), digest(flat.reshape(6, 4)), digest(flat.astype(np.uint16))}) == 3
