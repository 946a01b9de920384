"""What has a colour of its own."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipelines.datasets.audit.coloured_overlay import coloured
from tests.pipelines.datasets.audit.made_speckle import speckle


def grey(tint: tuple[float, float, float] = (1, 1, 1)) -> NDArray[np.uint8]:
    return (speckle()[..., None] * np.array(tint)).astype(np.uint8)


def test_a_patch_of_colour_doppler_is_found_where_it_is() -> None:
    picture = grey()
    picture[50:60, 100:120] = (200, 40, 20)
    expected = np.zeros(picture.shape[:2], dtype=np.bool_)
    expected[50:60, 100:120] = True
    np.testing.assert_array_equal(coloured(picture), expected)


def test_a_pale_frame_is_found() -> None:
    picture = grey()
    picture[40, 50:150] = picture[120, 50:150] = (120, 120, 90)
    assert np.count_nonzero(coloured(picture)) == 200


def test_grey_black_and_tinted_pictures_have_none() -> None:
    for picture in (grey(), grey() * np.uint8(0), grey((1, 0.9, 0.7)), grey((0.8, 0.9, 1))):
        assert not coloured(picture).any()


def test_colour_on_a_tinted_picture_is_found() -> None:
    picture = grey((1, 0.9, 0.7))
    picture[50:60, 100:120] = (20, 60, 220)
    assert np.count_nonzero(coloured(picture)) == 200


def test_a_few_pixels_are_none() -> None:
    picture = grey()
    picture[50, 100:107] = (200, 40, 20)
    assert not coloured(picture).any()
    picture[50, 107] = (200, 40, 20)
    assert np.count_nonzero(coloured(picture)) == 8


def test_a_coloured_picture_has_none() -> None:
    picture = np.random.default_rng(0).integers(50, 255, (60, 60, 3)).astype(np.uint8)
    assert not coloured(picture).any()
