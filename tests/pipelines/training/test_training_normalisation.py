"""The normalisation is measured on the images that train, and on no other pixel."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pipelines.errors import InputError
from pipelines.training.parts import fold_parts
from pipelines.training.training_normalisation import training_normalisation


def items(folder: Path, *pictures: Any) -> list[dict[str, str]]:
    for number, picture in enumerate(pictures):
        Image.fromarray(np.asarray(picture)).save(folder / f"{number}.png")
    return [{"image": str(folder / f"{number}.png")} for number in range(len(pictures))]


def test_every_pixel_counts_alike_whatever_the_depth_or_size(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    small = random.integers(0, 256, (6, 9), dtype=np.uint8)
    large = random.integers(0, 65536, (20, 30)).astype(np.uint16)
    for picture in (small, large):
        picture[0, 0], picture[0, 1] = 0, np.iinfo(picture.dtype).max
    pixels = np.concatenate([(small / 255).ravel(), (large / 65535).ravel()])
    ((mean,), (deviation,)) = training_normalisation(items(tmp_path, small, large))
    assert mean == pytest.approx(pixels.mean(), abs=1e-5)
    assert deviation == pytest.approx(pixels.std(), abs=1e-5)


def test_each_image_is_scaled_by_its_own_values_as_the_preprocessing_does(tmp_path: Path) -> None:
    dark = np.array([[10, 20], [20, 30]], dtype=np.uint8)
    assert training_normalisation(items(tmp_path, dark)) == [[0.5], [0.35355]]


def test_they_are_the_numbers_of_the_audit_for_the_fold(class_dataset: Path) -> None:
    audited = json.loads((class_dataset / "audit.json").read_text(encoding="utf-8"))
    for fold in (0, 3):
        train = fold_parts(class_dataset, fold, "classification")["train"]
        found = audited["intensity"]["folds"][fold]
        assert found["images"] == len(train)
        measured = training_normalisation(train)
        np.testing.assert_allclose(measured, [found["mean"], found["std"]], atol=0.02)


def test_images_of_a_single_value_are_refused(tmp_path: Path) -> None:
    flat = np.full((4, 4), 7, dtype=np.uint8)
    with pytest.raises(InputError, match="each of the 2 images that train is of a single value"):
        training_normalisation(items(tmp_path, flat, flat))
