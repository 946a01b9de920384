"""Each class has its name beside its colour, in lines that fit."""

import numpy as np
from PIL import Image

from pipelines.preview.colours import PALETTE
from pipelines.preview.legend import (
    Entry,
    arranged,
    draw_legend,
    legend_height,
    legend_line,
    sample_size,
)
from pipelines.preview.lettering import font

LETTERS = font(14)
ENTRIES = [Entry(f"class number {index}", colour) for index, colour in enumerate(PALETTE)]


def drawn(width: int) -> np.ndarray:
    places = arranged(ENTRIES, LETTERS, width)
    page = Image.new("RGB", (width + 10, legend_height(places, LETTERS) + 20), "white")
    draw_legend(page, ENTRIES, places, LETTERS, (5, 10))
    return np.asarray(page)


def test_every_colour_is_shown_exactly_and_in_order() -> None:
    pixels = drawn(2000)
    wide, high = sample_size(LETTERS)
    lefts = []
    for entry in ENTRIES:
        rows, columns = np.nonzero((pixels == entry.colour).all(axis=-1))
        assert len(rows) == (wide - 1) * (high - 1)  # without its frame
        lefts.append(columns.min())
    assert lefts == sorted(lefts) and lefts[0] == 6


def test_the_name_stands_to_the_right_of_its_colour() -> None:
    pixels = drawn(2000)
    _, columns = np.nonzero((pixels == ENTRIES[0].colour).all(axis=-1))
    room = pixels[:, columns.max() + 3 : columns.max() + 60]
    assert (room.max(axis=-1) < 80).sum() > 60


def test_entries_go_to_the_next_line_where_they_do_not_fit() -> None:
    width = 400
    places = arranged(ENTRIES, LETTERS, width)
    tops = sorted({place.top for place in places})
    assert len(tops) > 2
    assert np.diff(tops).tolist() == [legend_line(LETTERS)] * (len(tops) - 1)
    for place in places:
        end = place.left + sample_size(LETTERS)[0] + 7 + LETTERS.getlength(place.text)
        assert end <= width
    assert legend_height(places, LETTERS) == len(tops) * legend_line(LETTERS)
    assert (drawn(width)[:, -5:] == 255).all()


def test_a_name_that_is_too_long_is_shortened() -> None:
    (place,) = arranged([Entry("n" * 300, PALETTE[0])], LETTERS, 200)
    assert "…" in place.text


def test_no_class_takes_no_room() -> None:
    assert legend_height(arranged([], LETTERS, 200), LETTERS) == 0
