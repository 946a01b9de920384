from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipelines.datasets.depths import is_deep, mixed_depths
from pipelines.datasets.encoding import SUFFIXES, encode


def written(folder: Path, kind: str, *depths: type) -> list[Path]:
    paths = [folder / f"{number}{SUFFIXES[kind]}" for number in range(len(depths))]
    for path, depth in zip(paths, depths, strict=True):
        path.write_bytes(encode(np.full((3, 4), 200, depth), kind, None))
    return paths


@pytest.mark.parametrize("kind", SUFFIXES)
def test_both_depths_are_counted(tmp_path: Path, kind: str) -> None:
    paths = written(tmp_path, kind, np.uint8, np.uint16, np.uint8)
    assert [is_deep(path) for path in paths] == [False, True, False]
    line = mixed_depths(paths)
    assert line is not None and line.startswith("2 images have 8 bits and 1 have 16, so that")
    assert mixed_depths(paths[:1]) is None
    assert mixed_depths(paths[1:2]) is None
    assert mixed_depths([]) is None


def test_colours_have_8_bits(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(encode(np.zeros((3, 4, 3), np.uint8), "png", None))
    assert not is_deep(path)
