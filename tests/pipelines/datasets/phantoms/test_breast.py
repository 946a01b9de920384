from __future__ import annotations

import numpy as np
import pytest
from skimage.measure import regionprops

from pipelines.datasets.phantoms.breast import Phantom, breast_phantom
from pipelines.errors import InputError


def phantoms_of(kind: str, count: int, side: tuple[int, int] = (96, 120)) -> list[Phantom]:
    return [breast_phantom(np.random.default_rng([7, i]), kind, *side) for i in range(count)]


def behind_against_beside(phantom: Phantom) -> float:
    mask = phantom.masks[0]
    rows, columns = np.nonzero(mask)
    below = phantom.image[rows.max() + 2 : rows.max() + 14].astype(float)
    middle = slice(*np.percentile(columns, [25, 75]).astype(int))
    return below[:, middle].mean() - below[:, ~mask.any(axis=0)].mean()


def test_benign_enhances_and_malignant_shadows() -> None:
    benign = np.mean([behind_against_beside(phantom) for phantom in phantoms_of("benign", 24)])
    malignant = np.mean(
        [behind_against_beside(phantom) for phantom in phantoms_of("malignant", 24)]
    )
    assert benign > 0 > malignant
    assert benign - malignant > 25


def test_lesions_are_darker_than_their_surroundings() -> None:
    for kind in ("benign", "malignant"):
        for image, masks in phantoms_of(kind, 12):
            inside = np.any(masks, axis=0)
            assert image[inside].mean() < image[~inside].mean()


def test_malignant_lesions_are_taller_and_less_smooth() -> None:
    def roughness(mask: np.ndarray) -> float:
        return 1 - float(regionprops(mask.astype(int))[0].solidity)

    def aspect(mask: np.ndarray) -> float:
        return np.ptp(np.nonzero(mask.any(axis=1))) / np.ptp(np.nonzero(mask.any(axis=0)))

    benign, malignant = (
        [phantom.masks[0] for phantom in phantoms_of(kind, 8, (192, 240))]
        for kind in ("benign", "malignant")
    )
    for measure in (roughness, aspect):
        assert np.mean([*map(measure, malignant)]) > 1.3 * np.mean([*map(measure, benign)])


def test_mean_grey_value_does_not_tell_normal_from_lesion() -> None:
    normal = np.array([phantom.image.mean() for phantom in phantoms_of("normal", 24)])
    benign = np.array([phantom.image.mean() for phantom in phantoms_of("benign", 24)])
    assert 0.2 < np.mean(normal[:, None] > benign) < 0.8


def test_one_threshold_does_not_segment() -> None:
    def dice(phantom: Phantom, level: int) -> float:
        dark, lesion = phantom.image < level, np.any(phantom.masks, axis=0)
        return 2 * np.sum(dark & lesion) / (dark.sum() + lesion.sum())

    made = phantoms_of("benign", 12) + phantoms_of("malignant", 12)
    assert max(np.mean([dice(p, level) for p in made]) for level in range(10, 150, 10)) < 0.6


def test_unknown_kind_is_refused() -> None:
    with pytest.raises(InputError, match=r"'cyst'.*benign, malignant, normal"):
        breast_phantom(np.random.default_rng(0), "cyst", 80, 100)
