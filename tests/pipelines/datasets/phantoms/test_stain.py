from __future__ import annotations

import numpy as np
import pytest
from skimage.color import rgb_from_hed

from pipelines.datasets.phantoms.stain import (
    EOSIN,
    HAEMATOXYLIN,
    Stain,
    draw_stain,
    transmitted,
)

USUAL = Stain(np.array([HAEMATOXYLIN, EOSIN]), (1.0, 1.0), (0.95, 0.95, 0.95))


def test_vectors_are_those_of_ruifrok_and_johnston() -> None:
    assert np.allclose(rgb_from_hed[0], HAEMATOXYLIN) and np.allclose(rgb_from_hed[1], EOSIN)
    assert np.allclose(np.linalg.norm([HAEMATOXYLIN, EOSIN], axis=1), 1.0, atol=0.01)


def test_light_falls_tenfold_with_each_unit_of_density() -> None:
    amount = np.array([[0.0, 1.0, 2.0]], np.float32)
    light = transmitted(amount, 0 * amount, USUAL)
    assert light.shape == (1, 3, 3)
    assert light[0, 0] == pytest.approx([0.95] * 3)
    assert light[0, 1] == pytest.approx(0.95 * 10 ** -np.array(HAEMATOXYLIN), rel=1e-5)
    assert light[0, 2] == pytest.approx(light[0, 1] ** 2 / 0.95, rel=1e-5)


def test_haematoxylin_is_blue_and_eosin_pink() -> None:
    one, none = np.ones((1, 1), np.float32), np.zeros((1, 1), np.float32)
    red, green, blue = transmitted(one, none, USUAL)[0, 0]
    assert blue > red > green
    red, green, blue = transmitted(none, one, USUAL)[0, 0]
    assert green < 0.5 * min(red, blue)


def test_slides_differ_within_limits() -> None:
    stains = [draw_stain(np.random.default_rng(seed)) for seed in range(40)]
    strengths = np.array([stain.strengths for stain in stains])
    assert (strengths.std(axis=0) > 0.15).all()
    for stain in stains:
        assert np.allclose(np.linalg.norm(stain.vectors, axis=1), 1.0)
        assert (stain.vectors > 0).all() and all(0.8 < level < 1 for level in stain.white)
        assert stain.vectors[0, 0] > 2 * stain.vectors[1, 0]  # red tells the two apart
