from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from pipelines.datasets.sources.mask_file import MaskFile
from pipelines.errors import InputError
from transforms.picture import PictureError

SETTINGS = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def test_values_are_mapped_in_a_worker(tmp_path: Path) -> None:
    pixels = np.array([[0, 255, 38]], dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "m.png")
    source = pickle.loads(pickle.dumps(MaskFile(tmp_path / "m.png", {38: 2})))
    np.testing.assert_array_equal(source.read("x"), [[0, 1, 2]])
    with pytest.raises(InputError, match="x holds the values 0, 38, 255; expected 0 and 255"):
        MaskFile(tmp_path / "m.png").read("x")


@SETTINGS
@given(st.binary(max_size=300), st.data())
def test_a_broken_file_is_read_or_named(tmp_path: Path, tail: bytes, data: st.DataObject) -> None:
    path = tmp_path / "m.png"
    Image.fromarray(np.zeros((5, 7), dtype=np.uint8)).save(path)
    content = path.read_bytes()
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))] + tail)
    try:
        assert MaskFile(path).read('mask "m"').shape == (5, 7)
    except (InputError, PictureError) as error:
        assert 'mask "m"' in str(error)
