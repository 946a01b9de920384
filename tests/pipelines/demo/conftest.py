"""Runs with networks of random weights, and a description of training images, for the page."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pipelines.demo.model import Model, load_model
from pipelines.deployment.unlike_images import fit
from tests.pipelines.crossval.made_bundle import CLASSES, OUTLINES, made_run

LABELS = ["benign", "malignant", "normal"]


def noise(seed: int, height: int = 40, width: int = 60) -> NDArray[np.uint8]:
    """A grey picture of noise, not square."""
    return np.random.default_rng(seed).integers(40, 200, (height, width), np.uint8)


@pytest.fixture(scope="session")
def class_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "class_run"
    config = {**CLASSES, "labels": LABELS, "activation": "softmax"}
    return made_run(folder, "breast_us_classification", config, 0)


@pytest.fixture(scope="session")
def mask_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "mask_run"
    return made_run(folder, "breast_us_segmentation", OUTLINES, 0)


@pytest.fixture(scope="session")
def fitted() -> dict[str, Any]:
    return fit(noise(seed) for seed in range(30))


@pytest.fixture(scope="session")
def classifier(class_run: Path, fitted: dict[str, Any]) -> Model:
    """Three classes, temperature 1.5; its training images were noise."""
    return replace(load_model(class_run), training_images=fitted, no_warning="")


@pytest.fixture(scope="session")
def outliner(mask_run: Path) -> Model:
    """Masks of tumours; nothing is known of its training images."""
    return load_model(mask_run)


@pytest.fixture
def picture_file(tmp_path: Path) -> Path:
    path = tmp_path / "a picture.png"
    Image.fromarray(noise(1)).save(path)
    return path
