from __future__ import annotations

from dataclasses import replace

import numpy as np

from pipelines.datasets.phantoms.grid import Grid
from pipelines.datasets.phantoms.slide_scanner import SlideScanner, draw_slide_scanner, scanned

GRID = Grid(80, 90, 0.8)
SCANNER = SlideScanner(blur=0.6, photons=4000.0, read_noise=1.0, shading=0.0, gamma=1.0)


def picture(scanner: SlideScanner, light: np.ndarray) -> np.ndarray:
    return scanned(np.random.default_rng(0), light, GRID, scanner)


def test_the_level_is_kept_and_bright_light_is_noisier() -> None:
    bright, dim = (np.full((80, 90, 3), level, np.float32) for level in (0.8, 0.1))
    one, other = picture(SCANNER, bright), picture(SCANNER, dim)
    assert one.dtype == np.uint8 and one.shape == (80, 90, 3)
    assert abs(one.mean() - 204) < 0.5 and abs(other.mean() - 25.5) < 0.5
    assert one.std() > 1.5 * other.std()


def test_blur_softens_an_edge() -> None:
    light = np.zeros((80, 90, 3), np.float32)
    light[:, 45:] = 0.9
    sharp = picture(replace(SCANNER, blur=0.1), light).astype(float)
    soft = picture(replace(SCANNER, blur=2.0), light).astype(float)
    assert np.abs(np.diff(soft, axis=1)).max() < 0.5 * np.abs(np.diff(sharp, axis=1)).max()


def test_shading_and_tone_are_of_the_scanner() -> None:
    light = np.full((80, 90, 3), 0.5, np.float32)
    assert picture(replace(SCANNER, gamma=0.9), light).mean() > picture(SCANNER, light).mean() + 5
    shaded = picture(replace(SCANNER, shading=0.2), light)
    assert shaded[..., 0].mean(axis=0).std() > 2 * picture(SCANNER, light)[..., 0].mean(0).std()


def test_scanners_differ_within_limits() -> None:
    drawn = [draw_slide_scanner(np.random.default_rng(seed)) for seed in range(30)]
    assert len(set(drawn)) == 30
    assert all(0.3 < each.blur < 1.2 and each.photons > 1000 for each in drawn)
