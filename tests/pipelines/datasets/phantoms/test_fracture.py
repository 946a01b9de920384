"""Fractures: fragments that add up to the bone, and where they went."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from pipelines.datasets.phantoms.bone_shape import Bone, lay_bone
from pipelines.datasets.phantoms.film import Film, blank_film
from pipelines.datasets.phantoms.fracture import (
    Fracture,
    belongs,
    comminution,
    lay_broken,
    simple_fracture,
)
from pipelines.datasets.phantoms.grid import Grid

BONE = Bone("tibia", (-70.0, 0.0), (70.0, 0.0), radius=10.0, flares=(1.3, 1.3))


def film() -> Film:
    return blank_film(np.random.default_rng(0), Grid(220, 120, 1.0), (0.0, 0.0), 0.0, False)


def broken(fracture: Fracture) -> Film:
    shown = film()
    lay_broken(shown, BONE, fracture)
    return shown


def pieces(shown: Film) -> int:
    solid = shown.cortex + shown.marrow > 2.5
    _, count = ndimage.label(solid)
    sizes = ndimage.sum(solid, *ndimage.label(solid)[:1], index=range(1, count + 1))
    return int(np.sum(np.asarray(sizes) > 8))


@pytest.mark.parametrize("shattered", [False, True])
def test_fragments_share_the_bone_without_overlap(shattered: bool) -> None:
    rng = np.random.default_rng(0)
    fracture = simple_fracture(rng, BONE, 5.0)
    if shattered:
        fracture = comminution(rng, BONE, 5.0, reduced=False)
    u, v = np.mgrid[-60:60:2.0, -10:10:1.0].astype(np.float32)
    shares = [belongs(u, v, fracture, number) for number in range(len(fracture.seeds))]
    total = np.sum(shares, axis=0)
    assert total.max() < 1.01 and np.median(total) > 0.95


def test_nothing_moves_where_the_shift_and_the_gap_are_none() -> None:
    fracture = simple_fracture(np.random.default_rng(0), BONE, 0.0)
    still = replace(
        fracture, shifts=0 * fracture.shifts, turns=0 * fracture.turns, gap=0.0, blur=0.05
    )
    whole = film()
    lay_bone(whole, BONE)
    assert broken(still).cortex == pytest.approx(whole.cortex, abs=0.3)


def test_a_simple_fracture_has_a_dark_line_or_a_step_at_its_site() -> None:
    whole = film()
    lay_bone(whole, BONE)
    for seed in range(6):
        shown = broken(simple_fracture(np.random.default_rng(seed), BONE, 20.0))
        changed = np.abs(shown.cortex - whole.cortex).sum(axis=1)
        site = np.argmin(np.abs(shown.along[:, 60] - 20))
        assert changed[site - 12 : site + 12].max() > 20
        kept = changed[np.abs(shown.along[:, 60] + 50) < 15]  # the longer fragment stays
        assert kept.max() < 1


def test_a_shattered_bone_is_in_more_pieces_unless_it_was_put_together() -> None:
    simple, shattered, reduced = (
        [draw(np.random.default_rng(seed)) for seed in range(6)]
        for draw in (
            lambda rng: broken(simple_fracture(rng, BONE, 0.0)),
            lambda rng: broken(comminution(rng, BONE, 0.0, reduced=False)),
            lambda rng: broken(comminution(rng, BONE, 0.0, reduced=True)),
        )
    )
    assert np.mean([*map(pieces, shattered)]) > np.mean([*map(pieces, simple)]) + 1

    def spread(shown: list[Film]) -> float:
        whole = film()
        lay_bone(whole, BONE)
        return float(np.mean([np.abs(one.cortex - whole.cortex).mean() for one in shown]))

    assert spread(reduced) < 0.7 * spread(shattered)
