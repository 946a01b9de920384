from __future__ import annotations

from dataclasses import replace

import numpy as np

from pipelines.datasets.phantoms.breast_anatomy import (
    FAT,
    GLAND,
    MUSCLE,
    RIB,
    SKIN,
    TISSUES,
    attenuation_map,
    draw_anatomy,
    tissue_labels,
)
from pipelines.datasets.phantoms.grid import Grid

GRID = Grid(height=200, width=240, spacing=0.2)


def test_layers_lie_in_order_and_a_rib_below_them() -> None:
    rng = np.random.default_rng(0)
    anatomy = replace(draw_anatomy(rng), rib=True)
    labels = tissue_labels(rng, GRID, anatomy)
    depths = [float(np.median(np.nonzero(labels == tissue)[0])) for tissue in (SKIN, FAT, GLAND)]
    assert depths == sorted(depths)
    assert np.all(labels[0] == SKIN) and MUSCLE in labels
    assert np.median(np.nonzero(labels == RIB)[0]) > depths[-1]


def test_attenuation_is_that_of_the_tissue_where_no_ligament_shadows() -> None:
    rng = np.random.default_rng(0)
    anatomy = replace(draw_anatomy(rng), shadows=0)
    labels = tissue_labels(rng, GRID, anatomy)
    attenuation = attenuation_map(rng, GRID, labels, anatomy)
    assert np.all(attenuation[labels == GLAND] == np.float32(TISSUES["gland"].attenuation))
    shadowed = attenuation_map(rng, GRID, labels, replace(anatomy, shadows=2))
    assert shadowed.max() > attenuation.max()
