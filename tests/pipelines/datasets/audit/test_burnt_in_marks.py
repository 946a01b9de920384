"""Marks of whole pictures: drawn ones, phantoms, and those that a person saw in real images."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pipelines.datasets.audit.burnt_in_marks import marks
from pipelines.datasets.phantoms.busi import make_busi
from pipelines.datasets.phantoms.screen import write_screen
from tests.pipelines.datasets.audit.made_speckle import Colour, speckle, with_crosses, with_text

TWO = [(60, 50), (90, 170)]


def in_colour(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.repeat(picture[..., None], 3, axis=2)


def jpeg(picture: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer))


def test_speckle_has_no_marks() -> None:
    for picture in (speckle(), in_colour(speckle()), speckle().astype(np.uint16) * 40):
        assert marks(picture) == set()


def test_crosses_text_and_both() -> None:
    assert marks(with_crosses(speckle(), TWO)) == {"caliper"}
    assert marks(with_text(speckle(), "LT BREAST", (140, 30))) == {"text"}
    both = with_text(with_crosses(speckle(), TWO), "LT BREAST", (140, 30))
    assert marks(both) == {"caliper", "text"}


@pytest.mark.parametrize("low", [0, 3000])
def test_sixteen_bits_are_stretched(low: int) -> None:
    picture = with_crosses(speckle(), TWO).astype(np.uint16) * 15 + low
    assert marks(picture) == {"caliper"}
    assert marks(with_text(speckle(), "LT", (140, 30)).astype(np.uint16) * 257) == {"text"}


def test_blood_flow_is_an_overlay_and_no_text() -> None:
    picture = in_colour(speckle())
    rng = np.random.default_rng(0)
    picture[50:70, 100:130] = rng.integers(0, 256, (20, 30, 3)) // (1, 3, 3)
    assert marks(picture) == {"overlay"}


@pytest.mark.parametrize("colour", [(250, 240, 30), (60, 250, 60), (40, 220, 250)])
def test_coloured_crosses_and_letters_are_marks_of_their_own(colour: Colour) -> None:
    crosses = with_crosses(in_colour(speckle()), TWO, colour=colour)
    assert marks(crosses) == {"caliper", "overlay"}
    assert marks(with_text(in_colour(speckle()), "RT UOQ", (140, 30), colour)) == {
        "overlay",
        "text",
    }


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_a_larger_picture_with_wider_strokes_has_the_same(scale: int) -> None:
    picture = with_text(with_crosses(speckle(), TWO), "LT BREAST", (140, 30))
    size = (picture.shape[1] * scale, picture.shape[0] * scale)
    larger = np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BICUBIC))
    assert marks(larger) == {"caliper", "text"}


@pytest.mark.parametrize("quality", [60, 90])
def test_a_picture_saved_as_jpeg_has_the_same(quality: int) -> None:
    picture = with_text(with_crosses(speckle(), TWO), "LT BREAST", (140, 30))
    assert marks(jpeg(picture, quality)) == {"caliper", "text"}
    assert marks(jpeg(speckle(), quality)) == set()


def test_pictures_of_one_value_of_noise_and_of_a_few_pixels_have_none() -> None:
    rng = np.random.default_rng(0)
    for shape in ((32, 32), (33, 400), (300, 340), (5, 5), (1, 1)):
        assert marks(np.full(shape, 255, np.uint8)) == set()
        assert marks(np.full((*shape, 3), 70, np.uint8)) == set()
        assert marks(rng.integers(0, 65536, shape).astype(np.uint16)) == set()


def test_the_picture_is_left_as_it_is() -> None:
    picture = in_colour(with_crosses(speckle(), TWO))
    before = picture.copy()
    marks(picture)
    np.testing.assert_array_equal(picture, before)


def test_phantoms_have_none_but_for_what_is_written_over_them(tmp_path: Path) -> None:
    make_busi(tmp_path, 6, size=200)
    paths = [path for path in tmp_path.rglob("*.png") if "_mask" not in path.stem]
    for path in paths:
        picture = np.asarray(Image.open(path).convert("L"))
        assert marks(picture) == set()
        screen = write_screen(np.random.default_rng(0), np.repeat(picture, 2, 0), 4, 0.2)
        assert marks(screen) == {"text"}
        assert marks(with_crosses(picture // 2, [(60, 50), (100, 110)])) == {"caliper"}


REAL = Path(os.environ.get("MED2D_DATA", Path(__file__).parents[5] / "shared" / "data"))
LABELS = Path(__file__).parents[4] / "docs" / "results" / "burnt_in_marks.csv"


@pytest.mark.realdata
@pytest.mark.skipif(not (REAL / "Dataset_BUSI_with_GT").is_dir(), reason="no real images here")
def test_what_a_person_saw_in_real_images_is_found() -> None:
    with LABELS.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["source"] == "busi"]
    rows = [row for row in rows if row["set"] == "test" and row["text"] != "cut"]
    seen, found = [], []
    for row in rows:
        seen.append({mark for mark in ("text", "caliper", "overlay") if row[mark] == "yes"})
        found.append(marks(np.asarray(Image.open(REAL / "Dataset_BUSI_with_GT" / row["image"]))))
    for mark in ("text", "caliper"):
        hits = sum(mark in one and mark in other for one, other in zip(seen, found, strict=True))
        assert hits >= 0.9 * sum(mark in one for one in seen)
        assert hits >= 0.9 * sum(mark in one for one in found)
    assert sum(bool(one) == bool(other) for one, other in zip(seen, found, strict=True)) >= (
        0.95 * len(rows)
    )
