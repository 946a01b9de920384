"""Pictures of an answer show what was found where it was found."""

from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image

from pipelines.demo.view import (
    SIDE,
    mask_colours,
    of_picture,
    plain,
    under_heat,
    view,
    with_outlines,
)
from pipelines.preview.colours import PALETTE
from tests.pipelines.demo.conftest import noise


def test_a_picture_keeps_its_shape_and_becomes_grey_levels() -> None:
    assert plain(noise(1)).shape == (round(SIDE * 40 / 60), SIDE, 3)
    deep = np.linspace(0, 60000, 2400).reshape(40, 60).astype(np.uint16)
    assert plain(deep).max() == 255 and plain(deep).dtype == np.uint8


def test_an_outline_runs_round_the_mask_alone() -> None:
    mask = np.zeros((40, 60), np.uint8)
    mask[10:20, 30:45] = 1
    tile = plain(np.full((40, 60), 128, np.uint8))
    changed = (with_outlines(tile, mask, {1: PALETTE[0]}) != tile).any(axis=2)
    rows, columns = np.nonzero(changed)
    scale = SIDE / 60
    assert abs(rows.min() - 10 * scale) < 8 and abs(rows.max() - 20 * scale) < 8
    assert abs(columns.min() - 30 * scale) < 8 and abs(columns.max() - 45 * scale) < 8
    assert not changed[160, 400]  # inside


def test_heat_covers_where_it_is() -> None:
    tile = plain(np.full((40, 60), 128, np.uint8))
    heat = np.zeros((10, 15), np.float32)
    heat[:5] = 1
    drawn = under_heat(tile, heat)
    assert (drawn[-100:] == tile[-100:]).all()
    assert (drawn[:100] != tile[:100]).any(axis=2).all()


def test_of_a_padded_square_the_picture_is_cut() -> None:
    seen = np.zeros((1, 30, 30))
    seen[:, 5:25] = 0.5  # 60 x 40, padded above and below
    heat = np.arange(900.0).reshape(30, 30)
    np.testing.assert_array_equal(of_picture(heat, seen, 40, 60), heat[5:25])
    np.testing.assert_array_equal(of_picture(heat.T, seen.swapaxes(1, 2), 60, 40), heat.T[:, 5:25])


def test_of_what_was_stretched_nothing_is_cut() -> None:
    stretched = np.random.default_rng(0).random((1, 30, 30))
    assert of_picture(np.zeros((30, 30)), stretched, 40, 60) is None
    assert of_picture(np.zeros((20, 30)), stretched[:, :20], 40, 60) is None


def test_classes_have_colours_their_own_first() -> None:
    assert mask_colours(["background", "tumour"], []) == {1: PALETTE[0]}
    own = [[9, 9, 9], [1, 2, 3]]
    assert mask_colours(["none", "a", "b"], own) == {1: (1, 2, 3), 2: PALETTE[1]}


def test_a_view_stands_in_the_page_itself() -> None:
    made = view(plain(noise(1)), "words", "caption")
    kind, _, data = made.uri.partition(",")
    assert kind == "data:image/jpeg;base64"
    assert Image.open(io.BytesIO(base64.b64decode(data))).size == (SIDE, round(SIDE * 40 / 60))
