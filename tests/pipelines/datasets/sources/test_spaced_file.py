from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from pipelines.datasets.sources.source import files_of
from pipelines.datasets.sources.spaced_file import SpacedFile


def test_the_spacing_is_added(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((3, 5), dtype=np.uint8)).save(tmp_path / "a.png")
    source = SpacedFile(tmp_path / "a.png", (0.1, 0.2))
    assert source.read("image").spacing == (0.1, 0.2)
    assert source.read("image").pixels.shape == (3, 5)
    assert files_of(source) == [tmp_path / "a.png"]
