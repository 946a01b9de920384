from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from pipelines.datasets.sources.exif_orientation import stored, turned_apart
from pipelines.datasets.sources.label_file import ClassFiles, LabelFile
from pipelines.datasets.sources.label_rule import LabelRule
from pipelines.datasets.sources.mask_file import MaskFile
from pipelines.datasets.sources.picture_file import PictureFile
from pipelines.datasets.sources.spaced_file import SpacedFile
from pipelines.errors import InputError
from tests.pipelines.datasets.made_layout import Given, Made

RULE = LabelRule(("background", "lesion"))


def saved(path: Path, size: tuple[int, int], orientation: int | None = None) -> Path:
    exif = Image.Exif()
    if orientation is not None:
        exif[ExifTags.Base.Orientation] = orientation
    Image.new("L", size).save(path, exif=exif)
    return path


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp"])
def test_orientation_and_size_as_stored(tmp_path: Path, suffix: str) -> None:
    assert stored(saved(tmp_path / f"a{suffix}", (6, 4), 6)) == (6, (6, 4))
    assert stored(saved(tmp_path / f"b{suffix}", (6, 4))) == (1, (6, 4))
    assert stored(saved(tmp_path / f"c{suffix}", (6, 4), 9)) == (1, (6, 4))


def test_what_cannot_be_read_is_not_told(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"\x89PNG")
    assert stored(tmp_path / "a.png") is None and stored(tmp_path / "none.png") is None


@pytest.mark.parametrize(
    ("image", "mask", "size", "words"),
    [
        (
            6,
            None,
            (6, 4),
            'is turned by its EXIF orientation 6, its mask "m.png" is not; they fit as stored',
        ),
        (3, 1, (6, 4), "is turned by its EXIF orientation 3, .* not: save the turned one upright"),
        (
            None,
            8,
            (6, 4),
            "is not turned, its mask .* by the EXIF orientation 8; they fit as stored",
        ),
        (6, 8, (6, 4), "orientation 6, its mask .* by another, 8: save"),
        (6, None, (4, 6), None),  # it fits what a viewer shows, and nothing else
        (6, 6, (6, 4), None),
        (None, None, (6, 4), None),
    ],
)
def test_an_image_and_a_mask_turned_apart(
    tmp_path: Path,
    image: int | None,
    mask: int | None,
    size: tuple[int, int],
    words: str | None,
) -> None:
    drawn = saved(tmp_path / "i.jpg", (6, 4), image)
    picture = PictureFile(drawn)
    path = saved(tmp_path / "m.png", size, mask)
    for source in (LabelFile(path, RULE), MaskFile(path), ClassFiles((path,), (1,), RULE.labels)):
        lines = turned_apart(picture, source)
        assert turned_apart(SpacedFile(drawn, (0.1, 0.1)), source) == lines
        if words is None:
            assert lines == []
        else:
            assert len(lines) == 1
            assert re.search(words, lines[0])


def test_sources_of_other_files_are_not_looked_at(tmp_path: Path) -> None:
    path = saved(tmp_path / "m.png", (6, 4), 6)
    assert turned_apart(Given(np.zeros((4, 6), np.uint8)), LabelFile(path, RULE)) == []


def test_such_a_pair_is_refused_by_the_conversion(made: Made, tmp_path: Path) -> None:
    made.masked()
    height, width = made.texture(0).shape
    turned = saved(tmp_path / "turned.jpg", (width, height), 6)
    plain = saved(tmp_path / "plain.png", (width, height))
    made.change(0, image=PictureFile(turned), masks=(MaskFile(plain),))
    with pytest.raises(InputError, match="EXIF orientation 6") as caught:
        made.convert("segmentation")
    assert "pixels, its image" not in str(caught.value)  # the size is not the reason
    found = made.convert("segmentation", skip_bad=True)
    assert found.left_out == [made.samples[0].source]
