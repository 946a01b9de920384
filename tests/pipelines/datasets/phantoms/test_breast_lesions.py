from __future__ import annotations

import numpy as np
import pytest

from pipelines.datasets.phantoms import breast_lesions
from pipelines.datasets.phantoms.breast_anatomy import draw_anatomy
from pipelines.datasets.phantoms.breast_lesions import (
    CLASS_LESIONS,
    draw_lesions,
    lesion_mask,
    signed_distance,
)
from pipelines.datasets.phantoms.grid import Grid, Mask

GRID = Grid(height=200, width=240, spacing=0.2)


def masks_of(kind: str, seed: int) -> list[Mask]:
    rng = np.random.default_rng(seed)
    return [
        lesion_mask(GRID, lesion) for lesion in draw_lesions(rng, kind, GRID, draw_anatomy(rng))
    ]


@pytest.mark.parametrize("kind", CLASS_LESIONS)
def test_two_lesions_never_overlap_nor_leave_the_image(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(breast_lesions, "TWO_LESIONS", 1.0)
    for seed in range(20):
        masks = masks_of(kind, seed)
        assert len(masks) == (0 if kind == "normal" else 2)
        for mask in masks:
            assert mask.any() and not (mask[0].any() or mask[:, [0, -1]].any())
        assert np.sum(masks, axis=0).max() <= 1


def test_the_distance_is_negative_inside() -> None:
    (mask,) = masks_of("benign", 0)
    distance = signed_distance(mask, 0.2)
    assert np.all((distance < 0) == mask)
    assert np.abs(distance).min() == pytest.approx(0.2)
