from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image

from pipelines.report.case_pictures import SIDE, PicturedCase, content_of, view


def opened(uri: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2])))


def test_a_picture_is_scaled_and_its_outline_with_it() -> None:
    pixels = np.full((4 * SIDE, 2 * SIDE), 90, dtype=np.uint8)
    mask = np.zeros(pixels.shape, dtype=bool)
    mask[400:800, 100:300] = True
    found = view(pixels, "words", {"truth": mask, "prediction": np.zeros_like(mask)})
    assert (found.width, found.height) == (SIDE // 2, SIDE) == opened(found.uri).size
    assert list(found.outlines) == ["truth"] and found.outlines["truth"].endswith("Z")
    numbers = [
        float(part) for part in found.outlines["truth"].strip("MZ").replace("L", " ").split()
    ]
    assert 24 <= min(numbers[::2]) <= 26 and 74 <= max(numbers[::2]) <= 76
    assert 99 <= min(numbers[1::2]) <= 101 and 199 <= max(numbers[1::2]) <= 201


def test_the_colours_of_a_map_stay_as_they_are() -> None:
    colours = np.zeros((10, 20, 3), dtype=np.uint8)
    colours[:, 10:] = (230, 159, 0)
    found = view(colours, "map", exact=True)
    shown = np.asarray(opened(found.uri).convert("RGB"))
    assert found.uri.startswith("data:image/png") and (shown == colours).all()


def test_the_twin_has_words_in_place_of_pictures() -> None:
    case = PicturedCase("i01", ["Dice 1"], [view(np.zeros((9, 9), np.uint8), "black")])
    assert content_of(case) == {"id": "i01", "lines": ["Dice 1"], "pictures": ["black"]}
