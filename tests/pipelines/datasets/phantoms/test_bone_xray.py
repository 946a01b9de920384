"""One radiograph: what holds for every class, and what its grey values tell."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from pipelines.datasets.phantoms.bone_xray import (
    KINDS,
    METALWORK,
    bone_phantom,
    breakable,
    broken_sites,
    draw_film,
    draw_target,
    lay_bones,
)
from pipelines.datasets.phantoms.limb import REGIONS
from pipelines.errors import InputError

LIMBS = 20


def image(kind: str, limb: int, height: int = 90, width: int = 72) -> np.ndarray:
    """Take a limb's radiograph: the same limb in the same place for all classes."""
    rng = np.random.default_rng([4, limb])
    return bone_phantom(rng, kind, list(REGIONS)[limb % len(REGIONS)], height, width)


@cache
def made() -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    """Each class of some limbs: images, classes, limbs."""
    images = [image(kind, limb) for limb in range(LIMBS) for kind in KINDS]
    return images, np.tile(np.arange(len(KINDS)), LIMBS), np.repeat(range(LIMBS), len(KINDS))


def linear_score(features: list[np.ndarray]) -> float:
    """Balanced accuracy of a linear classifier; a limb is never on both sides."""
    _, kinds, limbs = made()
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    told = cross_val_predict(model, np.array(features), kinds, groups=limbs, cv=GroupKFold(4))
    return float(balanced_accuracy_score(kinds, told))


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_an_image_has_a_dark_ground_and_light_bone(kind: str, region: str) -> None:
    for seed in range(2):
        shown = bone_phantom(np.random.default_rng(seed), kind, region, 72, 90)
        assert shown.shape == (72, 90) and shown.dtype == np.uint8
        assert shown.min() < 60 and shown.max() > 170


def test_the_same_generator_gives_the_same_image() -> None:
    assert np.array_equal(image("fractured", 1), image("fractured", 1))
    assert not np.array_equal(image("fractured", 1), image("healthy", 1))


def test_grey_values_alone_say_nothing_of_the_class() -> None:
    """Chance is 0.33; a linear classifier on the histogram stays below 0.45."""
    images, _, _ = made()
    assert linear_score([np.array([shown.mean()]) for shown in images]) < 0.45
    assert linear_score([np.histogram(p, 8, (0, 256))[0] / p.size for p in images]) < 0.45


def test_the_classes_differ_in_the_bone_and_the_shattered_one_most(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pipelines.datasets.phantoms.bone_xray.METALWORK", 0.0)  # all unrepaired

    def changed(kind: str, limb: int) -> float:
        """Tell which share of a limb's bone is not where the healthy limb has it."""
        region = REGIONS[list(REGIONS)[limb % len(REGIONS)]]
        paths = []
        for each in ("healthy", kind):
            rng = np.random.default_rng([4, limb])
            drawn = region(rng)
            target = draw_target(rng, drawn)
            film = draw_film(rng, drawn, target, 180, 144)
            lay_bones(rng, film, drawn, target, each)
            paths.append(film.cortex + film.marrow)
        return float(np.abs(paths[1] - paths[0]).sum() / paths[0].sum())

    fractured, shattered = (
        np.array([changed(kind, limb) for limb in range(12)])
        for kind in ("fractured", "beyond_repair")
    )
    assert fractured.min() > 0.001 and np.median(fractured) < 0.3
    assert np.median(shattered) > np.median(fractured)


@pytest.mark.parametrize("region", REGIONS)
def test_the_bone_that_breaks_lies_near_the_middle_of_the_film(region: str) -> None:
    for seed in range(8):
        rng = np.random.default_rng(seed)
        limb = REGIONS[region](rng)
        target = draw_target(rng, limb)
        film = draw_film(rng, limb, target, 120, 90)
        middle, (a, c) = limb.bones[target.number].axes()
        along, across = film.along - middle[0], film.across - middle[1]
        far = np.hypot(along - a * target.site, across - c * target.site)
        row, column = np.unravel_index(far.argmin(), far.shape)
        offset = np.hypot(row - 59.5, column - 44.5) * film.grid.spacing
        assert far.min() < 2 and offset < 25


@pytest.mark.parametrize("region", REGIONS)
def test_as_many_bones_break_as_the_class_says_the_one_that_was_hit_among_them(
    region: str,
) -> None:
    for seed in range(4):
        rng = np.random.default_rng(seed)
        limb = REGIONS[region](rng)
        target = draw_target(rng, limb)
        film = draw_film(rng, limb, target, 120, 90)
        for count in (1, 2, 3):
            sites = broken_sites(rng, film, limb, target, count)
            assert sites[target.number] == target.site
            assert len(sites) <= count and set(sites) <= set(breakable(limb))


def test_metal_shows_in_some_images_beyond_repair_only(monkeypatch: pytest.MonkeyPatch) -> None:
    laid: list[str] = []
    monkeypatch.setattr(
        "pipelines.datasets.phantoms.bone_xray.lay_implant", lambda *_: laid.append(kind)
    )
    for kind in KINDS:
        for limb in range(12):
            image(kind, limb, 70, 64)
    assert set(laid) == {"beyond_repair"}
    assert 2 < len(laid) < 12 / METALWORK


@pytest.mark.parametrize(("kind", "region"), [("broken", "hand"), ("healthy", "skull")])
def test_an_unknown_kind_or_region_is_refused(kind: str, region: str) -> None:
    with pytest.raises(InputError, match=r"choose one of healthy, .* and one of hand, forearm"):
        bone_phantom(np.random.default_rng(0), kind, region, 90, 72)
