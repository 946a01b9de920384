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
