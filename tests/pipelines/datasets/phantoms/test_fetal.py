"""One image of a fetal examination: what holds for every plane, and what its grey values tell."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from pipelines.datasets.phantoms.fetal import PARTS, draw_examination, fetal_phantom
from pipelines.datasets.phantoms.fetal_head import PLANES
from pipelines.errors import InputError

PATIENTS = 16


def image(plane: str, patient: int, height: int = 66, width: int = 96) -> np.ndarray:
    examination = draw_examination(np.random.default_rng([5, patient]), "Voluson E6")
    rng = np.random.default_rng([5, patient, list(PARTS).index(plane)])
    brain = list(PLANES)[patient % len(PLANES)]
    return fetal_phantom(rng, plane, brain, examination, height, width)


@cache
def made() -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    """Each plane of some patients: images, planes, patients."""
    images = [image(plane, patient) for patient in range(PATIENTS) for plane in PARTS]
    return images, np.tile(np.arange(len(PARTS)), PATIENTS), np.repeat(range(PATIENTS), len(PARTS))


def linear_score(features: list[np.ndarray], penalty: float = 1.0) -> float:
    """Balanced accuracy of a linear classifier; a patient is never on both sides."""
    _, planes, patients = made()
    model = make_pipeline(StandardScaler(), LogisticRegression(C=1 / penalty, max_iter=2000))
    told = cross_val_predict(model, np.array(features), planes, groups=patients, cv=GroupKFold(4))
    return float(balanced_accuracy_score(planes, told))


@pytest.mark.parametrize("plane", PARTS)
def test_an_image_is_a_fan_of_speckle_with_black_and_white(plane: str) -> None:
    for patient in range(3):
        picture = image(plane, patient)
        assert picture.shape == (66, 96) and picture.dtype == np.uint8
        assert picture.min() == 0 and picture.max() > 200
        assert 0.03 < np.mean(picture > 60) < 0.7


def test_the_same_generator_gives_the_same_image() -> None:
    assert np.array_equal(image("Fetal brain", 1), image("Fetal brain", 1))
    assert not np.array_equal(image("Fetal brain", 1), image("Fetal brain", 2))


def test_grey_values_alone_say_little_of_the_plane() -> None:
    """Chance is 0.17; a linear classifier on the histogram stays below 0.38."""
    images, _, _ = made()
    assert linear_score([np.array([picture.mean()]) for picture in images]) < 0.33
    assert linear_score([np.histogram(p, 8, (0, 256))[0] / p.size for p in images]) < 0.38


def test_the_planes_differ_in_where_it_is_bright() -> None:
    """A linear classifier on coarse pixels gets further than the histogram can."""
    images, _, _ = made()
    coarse = [p.astype(float).reshape(11, 6, 12, 8).mean(axis=(1, 3)).ravel() for p in images]
    assert linear_score(coarse, penalty=100.0) > 0.48


@pytest.mark.parametrize("plane", ["Fetal arm", "Fetal brain"])
def test_an_unknown_plane_is_refused(plane: str) -> None:
    rng = np.random.default_rng(0)
    examination = draw_examination(rng, "Aloka")
    with pytest.raises(InputError, match=r"was asked for; choose one of Other, Fetal abdomen"):
        fetal_phantom(rng, plane, "Not A Brain", examination, 66, 96)
