"""What an examination shows beside its standard planes."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.datasets.phantoms.fan import make_fan
from pipelines.datasets.phantoms.fetal_pieces import PIECES, draw_pieces
from pipelines.datasets.phantoms.scene import Frame, empty_scene

ROOM = Frame((60.0, 0.0), (40.0, 30.0))


def changed(seed: int, piece: int | None) -> np.ndarray:
    fan = make_fan(50.0, 0.6, 120.0, 60.0, 150)
    rng = np.random.default_rng(seed)
    scene = empty_scene(rng, fan, 0.0, 0.5)
    if piece is None:
        draw_pieces(rng, scene, ROOM)
    else:
        PIECES[piece](rng, scene, ROOM)
    assert np.isfinite(scene.echo).all() and scene.attenuation.min() > 0
    return np.abs(scene.echo) > 4


@pytest.mark.parametrize("piece", range(len(PIECES)))
def test_each_piece_leaves_its_trace(piece: int) -> None:
    shares = [changed(seed, piece).mean() for seed in range(4)]
    assert min(shares) > 0.002 and max(shares) < 0.8


def test_no_two_scenes_are_alike() -> None:
    first, second = changed(1, None), changed(2, None)
    both = np.sum(first & second) / max(np.sum(first | second), 1)
    assert both < 0.7
