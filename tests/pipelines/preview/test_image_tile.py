"""One image as a tile: fitted, outlined where its mask is, captioned."""

from pathlib import Path

import numpy as np
import pytest

from pipelines.preview.colours import PALETTE, class_colours
from pipelines.preview.image_tile import caption_of, fit, load_tile
from tests.pipelines.preview.made_dataset import (
    HEIGHT,
    WIDTH,
    classification,
    dataset_of,
    like,
    mask,
    segmentation,
    stored_item,
)


def test_the_outline_is_where_the_mask_is(tmp_path: Path) -> None:
    dataset = segmentation(tmp_path)
    loaded = load_tile(dataset, dataset.items[0], class_colours(dataset), 160, mixed=False)
    picture = loaded.tile.picture
    assert picture.shape == (80, 160, 3)
    rows, columns = np.nonzero(like(picture, PALETTE[0]))
    # Twice as large as the image, whose mask fills rows 20 to 31 and columns 50 to 73.
    assert (rows.min(), rows.max()) == pytest.approx((39, 64), abs=1)
    assert (columns.min(), columns.max()) == pytest.approx((99, 148), abs=1)
    assert (picture[:14, :14] > 240).all() and (picture[18:30, 20:90] == 60).all()
    assert loaded.classes == {0, 1} and loaded.tile.bar is None and not loaded.deep


def test_an_image_without_a_lesion_has_no_outline(tmp_path: Path) -> None:
    dataset = segmentation(tmp_path)
    loaded = load_tile(dataset, dataset.items[2], class_colours(dataset), 160, mixed=False)
    assert loaded.classes == {0}
    assert not like(loaded.tile.picture, PALETTE[0]).any()


def test_a_classification_has_a_bar_of_its_class(tmp_path: Path) -> None:
    dataset = classification(tmp_path)
    colours = class_colours(dataset)
    tiles = [load_tile(dataset, item, colours, 100, mixed=True) for item in dataset.items]
    assert [each.tile.bar for each in tiles] == [PALETTE[0]] * 3 + [PALETTE[1]] * 3
    assert [each.classes for each in tiles[2:4]] == [{0}, {1}]


def test_sixteen_bits_are_shown_by_their_percentiles(tmp_path: Path) -> None:
    deep = np.arange(5000, 5000 + HEIGHT * WIDTH, dtype=np.uint16).reshape(HEIGHT, WIDTH)
    items = [stored_item(tmp_path, f"n{fold}", fold, mask(), deep) for fold in range(3)]
    dataset = dataset_of(tmp_path, items)
    loaded = load_tile(dataset, dataset.items[0], {}, WIDTH, mixed=False)
    assert loaded.deep and "16 bit" in loaded.tile.caption[2]
    shown = loaded.tile.picture
    assert shown.min() == 0 and shown.max() == 255
    assert int(shown[HEIGHT // 2, 0, 0]) == pytest.approx(127, abs=2)


def test_colours_are_kept(tmp_path: Path) -> None:
    coloured = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    coloured[..., 0], coloured[:10, :, 2] = 200, 100
    items = [stored_item(tmp_path, f"n{fold}", fold, mask(), coloured) for fold in range(3)]
    dataset = dataset_of(tmp_path, items, channels=3)
    picture = load_tile(dataset, dataset.items[0], {}, WIDTH, mixed=False).tile.picture
    np.testing.assert_array_equal(picture, coloured)


def test_the_caption_names_id_fold_group_size_and_flags(tmp_path: Path) -> None:
    dataset = segmentation(tmp_path)
    item = dataset.items[0]
    assert caption_of(dataset, item) == ("a_00", "fold 0 · g_a_00", "80 x 40 · caliper, text")
    mixed = caption_of(dataset, item, mixed=True)
    assert mixed == ("a_00", "a", "fold 0 · g_a_00", "80 x 40 · caliper, text")


@pytest.mark.parametrize("shape", [(30, 90), (90, 30), (64, 64), (500, 1000)])
def test_the_longer_side_fills_the_tile(shape: tuple[int, int]) -> None:
    fitted = fit(np.zeros(shape, np.uint8), 120)
    scale = 120 / max(shape)
    assert fitted.shape == (round(shape[0] * scale), round(shape[1] * scale), 3)


def test_what_cannot_be_drawn_is_there_and_says_so(tmp_path: Path) -> None:
    dataset = segmentation(tmp_path)
    broken, other = dataset.items[0], dataset.items[1]
    (tmp_path / broken["image"]).write_bytes(b"nothing")
    loaded = load_tile(dataset, broken, {}, 100, mixed=False)
    assert "a_00.png is not a picture" in loaded.problem
    assert loaded.tile.caption[-1] == "cannot be read"
    assert max(loaded.tile.picture.shape) == 100
    (tmp_path / other["label"]).write_bytes((tmp_path / dataset.items[3]["image"]).read_bytes())
    loaded = load_tile(dataset, other, {}, 100, mixed=False)
    assert "a_01.png holds the class index 255" in loaded.problem
    assert loaded.tile.caption[-1] == "mask cannot be drawn" and loaded.classes == frozenset()
