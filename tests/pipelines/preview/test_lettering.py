"""Text fits, and no letter is an empty box."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from pipelines.preview.lettering import font, legible, line_height, shortened, wrapped


def drawn(text: str) -> np.ndarray:
    page = Image.new("L", (300, 40), 255)
    ImageDraw.Draw(page).text((2, 2), text, fill=0, font=font(20))
    return np.asarray(page)


@pytest.mark.parametrize("letter", "äßŁęо αЖğ∆é…·")
def test_letters_of_many_tongues_are_kept(letter: str) -> None:
    assert legible(letter) == letter
    if letter.strip():
        missing = drawn("\uffff")
        assert not np.array_equal(drawn(letter), missing)


def test_what_the_font_lacks_is_spelt_out() -> None:
    assert legible("a\u4e2d\n\U0001f9ea") == "a\\u4e2d\\x0a\\U0001f9ea"


def test_a_text_that_fits_is_kept() -> None:
    assert shortened("benign_0001", font(13), 200) == "benign_0001"


@pytest.mark.parametrize("width", [15, 40, 77, 120])
def test_a_long_text_keeps_both_ends(width: int) -> None:
    letters = font(13)
    text = shortened("patient_a_very_long_name_0123", letters, width)
    assert letters.getlength(text) <= width
    start, end = text.split("…")
    assert "patient_a_very_long_name_0123".startswith(start)
    assert "patient_a_very_long_name_0123".endswith(end)
    assert 0 <= len(start) - len(end) <= 1
    wider = shortened("patient_a_very_long_name_0123", letters, width + 30)
    assert len(wider) > len(text)


def test_words_are_broken_into_lines_that_fit() -> None:
    letters = font(13)
    text = "the quick brown fox " * 6 + "w" * 200
    lines = wrapped(text, letters, 150)
    assert all(letters.getlength(line) <= 150 for line in lines)
    assert " ".join(lines).startswith("the quick brown fox the quick brown")
    assert "…" in lines[-1]
    assert wrapped("", letters, 150) == []


def test_lines_do_not_touch() -> None:
    letters = font(13)
    _, top, _, bottom = letters.getbbox("Äg")
    assert line_height(letters) >= bottom - top
