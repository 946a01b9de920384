from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from pipelines.datasets.sources.picture_file import PictureFile
from pipelines.errors import InputError
from transforms.picture import PictureError

SETTINGS = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def test_a_picture_is_read_in_a_worker(tmp_path: Path) -> None:
    pixels = np.arange(35, dtype=np.uint8).reshape(5, 7)
    Image.fromarray(pixels).save(tmp_path / "größe (1).png")
    source = pickle.loads(pickle.dumps(PictureFile(tmp_path / "größe (1).png")))
    np.testing.assert_array_equal(source.read("x").pixels, pixels)


@SETTINGS
@given(st.sampled_from(["PNG", "JPEG", "TIFF", "BMP", "GIF", "WEBP"]), st.data())
def test_a_broken_file_is_read_or_named(tmp_path: Path, kind: str, data: st.DataObject) -> None:
    path = tmp_path / "x"
    Image.fromarray(np.arange(600, dtype=np.uint16).reshape(20, 30).astype(np.uint8)).save(
        path, kind
    )
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    try:
        picture = PictureFile(path).read('image "x"')
    except (InputError, PictureError) as error:
        assert 'image "x"' in str(error)
    else:
        assert picture.pixels.ndim in (2, 3) and picture.pixels.dtype in (np.uint8, np.uint16)
