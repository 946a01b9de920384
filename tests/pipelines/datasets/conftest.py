"""A small raw folder in the busi layout, made for each test that asks for it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

from pipelines.datasets.layouts import LAYOUTS, Layout
from tests.pipelines.datasets.made_layout import Made

Texture = Callable[..., NDArray[np.uint8]]


def draw_texture(
    seed: int, height: int = 60, width: int = 90, grain: float = 3
) -> NDArray[np.uint8]:
    """Draws a blotchy picture, not square and without any symmetry."""
    noise = np.random.default_rng(seed).normal(size=(height, width))
    blotches = gaussian_filter(noise, grain) * 2 * grain + gaussian_filter(noise, grain / 3)
    scaled = (blotches - blotches.min()) / np.ptp(blotches)
    return (scaled * 254 + 0.5).astype(np.uint8)


def draw_mask(height: int = 60, width: int = 90, top: int = 10) -> NDArray[np.uint8]:
    """Draws a mask that no flip or turn leaves as it is."""
    mask = np.zeros((height, width), dtype=np.uint8)
    mask[top : top + 12, 8:30] = 255
    return mask


@pytest.fixture
def texture() -> Texture:
    return draw_texture


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """A raw folder of three classes with five images each."""
    root = tmp_path / "raw"
    for number, name in enumerate(("benign", "malignant", "normal")):
        (root / name).mkdir(parents=True)
        for index in (1, 2, 3, 10, 11):
            stem = root / name / f"{name} ({index})"
            Image.fromarray(draw_texture(100 * number + index)).save(f"{stem}.png")
            mask = draw_mask() if name != "normal" else draw_mask() * 0
            Image.fromarray(mask).save(f"{stem}_mask.png")
    return root


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    """A layout whose scan the test gives: two classes with six images each."""
    made = Made(tmp_path, draw_texture)
    reader = ModuleType("made_layout")
    reader.scan = made.scan  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "made_layout", reader)
    tasks = {"classification": "", "segmentation": ""}
    layout = Layout("made", "made_layout", "made", tasks, "RAW", "RAW")
    monkeypatch.setitem(LAYOUTS, "made", layout)
    return made
