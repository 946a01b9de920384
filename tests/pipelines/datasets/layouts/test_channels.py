from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipelines.datasets.layouts.channels import channels, some


def saved(path: Path, mode: str) -> Path:
    colours = np.arange(4 * 5 * 3, dtype=np.uint8).reshape(4, 5, 3)
    Image.fromarray(colours).convert(mode).save(path)
    return path


@pytest.mark.parametrize(
    ("mode", "suffix", "expected"),
    [
        ("L", "png", 1), ("1", "png", 1), ("LA", "png", 1), ("I", "tif", 1), ("F", "tif", 1),
        ("RGB", "jpg", 3), ("RGBA", "png", 3), ("P", "png", 3), ("CMYK", "tif", 3),
    ],
)  # fmt: skip
def test_by_the_header(tmp_path: Path, mode: str, suffix: str, expected: int) -> None:
    assert channels([saved(tmp_path / f"a.{suffix}", mode)]) == expected


def test_a_palette_of_greys_is_grey(tmp_path: Path) -> None:
    image = Image.fromarray(np.zeros((3, 4), dtype=np.uint8), "P")
    image.putpalette([level for level in range(256) for _ in range(3)])
    image.save(tmp_path / "a.png")
    assert channels([tmp_path / "a.png"]) == 1


def test_one_of_some_is_enough_and_broken_ones_do_not_count(tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"\x89PNG broken")
    paths = [tmp_path / "none.png", tmp_path / "broken.png", saved(tmp_path / "g.png", "L")]
    assert channels(paths) == 1
    assert channels([*paths, saved(tmp_path / "c.png", "RGB")]) == 3
    assert channels([]) == 1


def test_some_are_spread_evenly() -> None:
    assert some([1, 2]) == [1, 2]
    assert some(range(1000))[0] == 0 and some(range(1000))[-1] == 999
