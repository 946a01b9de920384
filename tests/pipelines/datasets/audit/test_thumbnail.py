from __future__ import annotations

import base64
import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipelines.datasets.audit.thumbnail import SIDE, draw_one, draw_thumbnails, svg_path
from pipelines.datasets.dataset import Dataset
from tests.pipelines.datasets.audit.made_cases import made_dataset, save, scan


@pytest.fixture
def made(tmp_path: Path) -> Dataset:
    return made_dataset(tmp_path / "made", 4)


def decoded(uri: str) -> np.ndarray:
    kind, data = uri.split(",")
    assert kind == "data:image/jpeg;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))


def test_a_small_picture_shows_the_image(made: Dataset) -> None:
    drawn = draw_one(made.items[1], made.folder, frozenset())
    assert (drawn.width, drawn.height) == (80, 60) and drawn.outline == ""
    assert np.abs(decoded(drawn.uri).astype(int) - scan(1)).mean() < 5


def test_a_large_one_is_shrunk_and_sixteen_bits_are_shown(made: Dataset) -> None:
    save(made.folder, "images/a_0001.png", scan(1, 500, 700).astype(np.uint16) * 250)
    drawn = draw_one(made.items[1], made.folder, frozenset())
    assert drawn.width == SIDE and drawn.height == round(SIDE * 5 / 7)
    assert decoded(drawn.uri).max() > 200


def test_the_mask_is_outlined_where_asked(made: Dataset) -> None:
    image = made.items[1]["image"]
    path = draw_one(made.items[1], made.folder, frozenset({image})).outline
    assert path.startswith("M") and path.endswith("Z") and path.count("M") == 1
    points = np.array([float(text) for text in re.findall(r"[\d.]+", path)]).reshape(-1, 2)
    np.testing.assert_allclose(points.min(axis=0), [30, 20], atol=0.5)
    np.testing.assert_allclose(points.max(axis=0), [55, 40], atol=0.5)


def test_every_class_and_every_speck_has_an_outline(made: Dataset) -> None:
    mask = np.zeros((60, 80), np.uint8)
    mask[10:20, 10:20], mask[10:20, 40:50], mask[50, 70] = 1, 2, 1
    save(made.folder, "masks/a_0001.png", mask)
    path = draw_one(made.items[1], made.folder, frozenset({"images/a_0001.png"})).outline
    assert path.count("M") == 3


def test_what_cannot_be_read_is_empty(made: Dataset) -> None:
    (made.folder / "images/a_0001.png").write_bytes(b"torn")
    (made.folder / "masks/a_0002.png").write_bytes(b"torn")
    outlined = frozenset({"images/a_0001.png", "images/a_0002.png"})
    drawn = draw_thumbnails(made.folder, made.items, 1, outlined)
    assert list(drawn) == [item["image"] for item in made.items]
    assert drawn["images/a_0001.png"].uri == "" and drawn["images/a_0001.png"].width == SIDE
    assert drawn["images/a_0002.png"].uri and drawn["images/a_0002.png"].outline == ""


def test_a_path_of_very_many_points_keeps_the_longest_lines() -> None:
    line = np.stack([np.arange(1001.0), np.arange(1001.0)], axis=1)
    assert svg_path([line[:5], line, line]).count("M") == 1
    assert svg_path([]) == ""
