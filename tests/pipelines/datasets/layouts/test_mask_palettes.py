from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipelines.datasets.layouts.label_request import label_rule
from pipelines.datasets.layouts.mask_palettes import Named, check_palettes, odd_background
from pipelines.datasets.layouts.sample import Request
from pipelines.datasets.sources.label_rule import Colour, LabelRule
from pipelines.errors import InputError

BLACK, WHITE, RED, BLUE = (0, 0, 0), (255, 255, 255), (200, 10, 10), (10, 10, 200)
FOUR = LabelRule(("background", "a", "b", "c"))


def saved(folder: Path, name: str, values: Sequence[int], palette: Sequence[Colour]) -> Named:
    image = Image.fromarray(np.array([values], dtype=np.uint8), "P")
    image.putpalette([level for colour in palette for level in colour])
    image.save(folder / name)
    return folder / name, f"masks/{name}"


def test_an_index_of_two_colours_is_refused_with_two_files_and_the_ways_out(
    tmp_path: Path,
) -> None:
    masks = [
        saved(tmp_path, "0.png", [0, 0, 0, 1, 2], [BLACK, RED, BLUE]),
        saved(tmp_path, "1.png", [0, 0, 0, 1, 2], [BLACK, BLUE, RED]),
    ]
    with pytest.raises(InputError) as caught:
        check_palettes(masks, {}, is_binary=False)
    assert str(caught.value) == (
        'index 1 is 200,10,10 in mask "masks/0.png", but 10,10,200 in mask "masks/1.png": does '
        "the index tell the class, or the colour? If the colour, give --classes, and for each of "
        "them --colour NAME=R,G,B (the masks hold 0,0,0; 200,10,10; 10,10,200); if the index, say "
        "so by --map 0=0 --map 1=1 --map 2=2"
    )
    check_palettes(masks, {1: 1, 2: 2}, is_binary=False)


def test_the_rule_compares_palettes_unless_colours_are_given(tmp_path: Path) -> None:
    masks = [
        saved(tmp_path, "0.png", [0, 1], [BLACK, RED]),
        saved(tmp_path, "1.png", [0, 1], [BLACK, BLUE]),
    ]
    for classes in ((), ("background", "a", "b")):
        with pytest.raises(InputError, match="does the index tell the class, or the colour"):
            label_rule(Request("segmentation", classes), masks)
    colours = {"colour": ("a=200,10,10", "b=10,10,200")}
    rule = label_rule(Request("segmentation", ("background", "a", "b"), options=colours), masks)
    read = [rule.indices(Image.open(path), "m").tolist() for path, _ in masks]
    assert read == [[[0, 1]], [[0, 2]]]


def test_what_the_pixels_do_not_use_does_not_matter(tmp_path: Path) -> None:
    masks = [
        saved(tmp_path, "0.png", [0, 1, 1], [BLACK, RED, WHITE]),
        saved(tmp_path, "1.png", [0, 1, 3], [BLACK, RED, BLUE, BLUE]),
        saved(tmp_path, "2.png", [0, 1, 2], [BLACK, RED, RED]),
    ]
    check_palettes(masks, {}, is_binary=False)


def test_black_and_white_counts_by_its_colours(tmp_path: Path) -> None:
    masks = [
        saved(tmp_path, "0.png", [0, 1], [BLACK, WHITE]),
        saved(tmp_path, "1.png", [0, 1], [WHITE, BLACK]),
    ]
    check_palettes(masks, {}, is_binary=True)
    with pytest.raises(InputError, match=r'index 1 is 255,255,255 in mask "masks/0\.png"'):
        check_palettes(masks, {}, is_binary=False)


def test_masks_without_a_palette_and_broken_ones_are_passed_over(tmp_path: Path) -> None:
    Image.fromarray(np.array([[0, 1]], dtype=np.uint8)).save(tmp_path / "grey.png")
    (tmp_path / "broken.png").write_bytes(b"\x89PNG")
    names = ["grey.png", "broken.png"]
    masks = [saved(tmp_path, "0.png", [0, 1], [BLACK, RED]), *((tmp_path / n, n) for n in names)]
    check_palettes(masks, {}, is_binary=False)
    assert odd_background(FOUR, masks) == []


def test_a_black_index_that_covers_most_is_warned_of(tmp_path: Path) -> None:
    masks = [saved(tmp_path, "0.png", [0, 3, 3, 1], [BLUE, RED, WHITE, BLACK])]
    (line,) = odd_background(FOUR, masks)
    assert line.startswith(
        "index 0 is taken for the background (background), but index 3 is black in mask "
        '"masks/0.png" and covers 50% of the masks looked at; if that is the background, say so by '
        "--map 3=0 and --map 0=INDEX"
    )
    labels = FOUR.labels
    assert odd_background(LabelRule(labels, values=((0, 3), (3, 0))), masks) == []
    assert odd_background(LabelRule(labels, colours=((BLACK, 0),)), masks) == []
    usual = [saved(tmp_path, "1.png", [0, 0, 0, 3], [BLUE, RED, WHITE, BLACK])]
    assert odd_background(FOUR, usual) == []
    coloured = [saved(tmp_path, "2.png", [0, 1, 1, 3], [BLACK, RED, WHITE, BLUE])]
    assert odd_background(FOUR, coloured) == []
