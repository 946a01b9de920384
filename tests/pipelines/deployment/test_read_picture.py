"""Pictures are read as the network's channels want them, and a broken one is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipelines.deployment.read_picture import read_picture
from pipelines.errors import InputError


def test_a_picture_has_the_channels_that_are_wanted(tmp_path: Path) -> None:
    pixels = np.arange(24, dtype=np.uint8).reshape(4, 6)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    assert np.array_equal(read_picture(tmp_path / "a.png", 1), pixels)
    assert np.array_equal(read_picture(tmp_path / "a.png", 3), np.stack([pixels] * 3, axis=-1))


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.png"):
        read_picture(tmp_path / "none.png", 1)
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(InputError, match=r"text\.png"):
        read_picture(tmp_path / "text.png", 1)
