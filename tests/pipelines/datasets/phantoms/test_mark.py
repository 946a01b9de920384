from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from pipelines.datasets.phantoms.mark import is_marked, write_marked

PIXELS = np.arange(200, dtype=np.uint8).reshape(10, 20)


def test_a_written_file_is_marked_and_keeps_its_pixels(tmp_path: Path) -> None:
    write_marked(tmp_path / "made.png", PIXELS)
    assert is_marked(tmp_path / "made.png")
    with Image.open(tmp_path / "made.png") as image:
        assert image.mode == "L" and np.array_equal(np.asarray(image), PIXELS)


def test_nothing_else_is_marked(tmp_path: Path) -> None:
    write_marked(tmp_path / "made.png", PIXELS)
    (tmp_path / "link.png").symlink_to("made.png")
    Image.fromarray(PIXELS).save(tmp_path / "plain.png")
    (tmp_path / "text.png").write_text("Software: med2d phantom")
    for name in ("link.png", "plain.png", "text.png", "absent.png"):
        assert not is_marked(tmp_path / name)


def test_colours_and_palettes_are_written(tmp_path: Path) -> None:
    colours = np.arange(4 * 5 * 4, dtype=np.uint8).reshape(4, 5, 4)
    write_marked(tmp_path / "colours.png", colours)
    indices = np.array([[0, 1], [2, 1]], np.uint8)
    write_marked(tmp_path / "palette.png", indices, [(9, 8, 7), (1, 2, 3), (200, 0, 0)])
    assert is_marked(tmp_path / "colours.png") and is_marked(tmp_path / "palette.png")
    with Image.open(tmp_path / "colours.png") as image:
        assert image.mode == "RGBA" and np.array_equal(np.asarray(image), colours)
    with Image.open(tmp_path / "palette.png") as image:
        assert image.mode == "P" and np.array_equal(np.asarray(image), indices)
        assert image.getpalette()[:9] == [9, 8, 7, 1, 2, 3, 200, 0, 0]
