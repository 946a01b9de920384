"""Pages: tiles in their places, captions that fit, the same pixels each time."""

import numpy as np
import pytest
from PIL import Image

from pipelines.errors import InputError
from pipelines.preview.colours import PALETTE
from pipelines.preview.contact_sheet import (
    GROUND,
    LARGEST,
    Sheet,
    Tile,
    check_area,
    columns_of,
    draw,
)
from pipelines.preview.legend import Entry
from tests.pipelines.preview.made_dataset import like

RED, GREEN, BLUE = (250, 10, 10), (10, 250, 10), (10, 10, 250)
SIZE = 120


def plain(colour: tuple[int, int, int], height: int = 60, width: int = SIZE) -> Tile:
    picture = np.full((height, width, 3), colour, dtype=np.uint8)
    return Tile(picture, ("name", "fold 0 · g0001", "120 x 60"))


def sheet(*tiles: Tile, **more: object) -> Sheet:
    given = {"title": "made: a", "text": "2 of 9 images", "legend": (), "columns": None}
    return Sheet(tiles=tiles, **{**given, **more})  # type: ignore[arg-type]


def place(page: Image.Image, colour: tuple[int, int, int]) -> tuple[int, int, int, int]:
    """The upper, lower, left and right end of a colour, the lower and right one past it."""
    rows, columns = np.nonzero(like(np.asarray(page), colour, within=0))
    return rows.min(), rows.max() + 1, columns.min(), columns.max() + 1


def test_tiles_stand_row_by_row_whole_and_apart() -> None:
    page = draw(sheet(plain(RED), plain(GREEN), plain(BLUE), columns=2), SIZE)
    red, green, blue = (place(page, colour) for colour in (RED, GREEN, BLUE))
    for upper, lower, left, right in (red, green, blue):
        assert (lower - upper, right - left) == (60, SIZE)
    assert green[0] == red[0] and green[2] > red[3]
    assert blue[2] == red[2] and blue[0] > red[1] + 40  # below the caption


def test_a_picture_keeps_its_aspect_in_the_middle_of_its_tile() -> None:
    page = draw(sheet(plain(RED), plain(GREEN, SIZE, 50), columns=2), SIZE)
    red, green = place(page, RED), place(page, GREEN)
    assert red[0] == green[0] + 30 and red[1] == green[1] - 30
    assert (green[1] - green[0], green[3] - green[2]) == (SIZE, 50)
    pixels = np.asarray(page)
    assert (pixels[red[0] - 1, red[2] : red[3]] == GROUND).all()
    assert (pixels[green[0] : green[1], green[2] - 1] == GROUND).all()


def test_a_page_of_wide_images_wastes_no_height() -> None:
    wide, square = (draw(sheet(plain(RED, height)), SIZE) for height in (40, SIZE))
    assert square.height - wide.height == SIZE - 40


def test_the_title_the_text_the_legend_and_the_notes_stand_in_their_order() -> None:
    entries = (Entry("tumour", PALETTE[0]),)
    full = draw(sheet(plain(RED), legend=entries, notes=("From nowhere.",)), SIZE)
    bare = draw(sheet(plain(RED), legend=(), notes=()), SIZE)
    legend, tile = place(full, PALETTE[0]), place(full, RED)
    assert legend[1] < tile[0]
    ink = (np.asarray(full).max(axis=-1) < 120).any(axis=1)
    assert ink[: legend[0]].any() and ink[tile[1] + 60 :].any()
    below = np.asarray(bare)[place(bare, RED)[1] + 60 :]
    assert (below.max(axis=-1) < 120).sum() == 0


def test_paragraphs_of_the_text_are_lines() -> None:
    one, two = (draw(sheet(plain(RED), text=text), SIZE) for text in ("a b", "a\nb"))
    assert two.height > one.height


def test_no_caption_runs_into_its_neighbour() -> None:
    tile = Tile(plain(RED).picture, ("W" * 100, "W" * 100))
    page = draw(sheet(tile, tile, columns=2), SIZE)
    _, lower, left, _ = place(page, RED)
    gap = left
    captions = np.asarray(page)[lower + 1 :]
    assert (captions[:, left + SIZE : left + SIZE + gap] == 255).all()
    assert (captions[:, left + SIZE + gap :] < 100).any()


def test_the_bar_is_below_the_picture() -> None:
    page = draw(sheet(plain(RED)._replace(bar=BLUE)), SIZE)
    red, bar = place(page, RED), place(page, BLUE)
    assert bar[0] == red[1] and bar[2:] == red[2:] and bar[1] - bar[0] >= 4


def test_the_same_sheet_gives_the_same_pixels() -> None:
    pages = [draw(sheet(plain(RED), plain(GREEN)), SIZE) for _ in range(2)]
    assert pages[0].tobytes() == pages[1].tobytes()


def test_larger_tiles_have_larger_letters() -> None:
    def ink(size: int) -> int:
        page = np.asarray(draw(sheet(plain(RED, size, size)), size))
        return int((page[: size // 4].max(axis=-1) < 120).sum())

    assert ink(512) > 2 * ink(256) > 0


def test_the_number_of_columns_follows_the_tiles() -> None:
    assert [columns_of(number) for number in (1, 2, 3, 8, 15, 16, 24, 60)] == [
        1, 2, 3, 4, 5, 4, 6, 10,
    ]  # fmt: skip
    page = draw(sheet(plain(RED), columns=50), SIZE)
    assert page.width < 1000  # one tile needs no fifty columns


def test_a_page_that_is_too_large_is_refused() -> None:
    check_area(LARGEST)
    with pytest.raises(InputError, match="--count or --size") as caught:
        check_area(LARGEST + 10**6)
    assert "\n" not in str(caught.value)
