from __future__ import annotations

import numpy as np
import pytest

from pipelines.datasets.sources.dicom_colour import to_colour
from tests.pipelines.datasets.made_dicom import made_header
from transforms.picture import PictureError

RGB = np.random.default_rng(0).integers(0, 256, (5, 7, 3)).astype(np.uint8)


def palette(depth: int, count: int) -> dict[str, object]:
    """A palette whose index i has the colour (i, 2 i, 3 i)."""
    elements: dict[str, object] = {"PhotometricInterpretation": "PALETTE COLOR"}
    kind = "<u1" if depth == 8 else "<u2"
    for factor, name in enumerate(("Red", "Green", "Blue"), start=1):
        entries = (np.arange(count) * factor * (1 if depth == 8 else 257)).astype(kind)
        elements[f"{name}PaletteColorLookupTableDescriptor"] = [count, 0, depth]
        elements[f"{name}PaletteColorLookupTableData"] = entries.tobytes()
    return elements


def test_rgb_stays_and_equal_channels_become_grey() -> None:
    np.testing.assert_array_equal(to_colour(RGB, made_header(RGB), "a"), RGB)
    grey = np.repeat(RGB[..., :1], 3, axis=2)
    np.testing.assert_array_equal(to_colour(grey, made_header(grey), "a"), RGB[..., 0])


def test_deep_colours_become_eight_bits() -> None:
    deep = RGB.astype(np.uint16) * 257
    np.testing.assert_array_equal(to_colour(deep, made_header(deep), "a"), RGB)
    twelve = ((RGB.astype(np.uint32) * 4095 + 127) // 255).astype(np.uint16)
    np.testing.assert_array_equal(to_colour(twelve, made_header(twelve, BitsStored=12), "a"), RGB)


@pytest.mark.parametrize("depth", [8, 16])
def test_palettes_are_looked_up(depth: int) -> None:
    indices = np.arange(80, dtype=np.uint8).reshape(8, 10)
    shown = to_colour(indices, made_header(indices, **palette(depth, 80)), "a")
    expected = np.stack([indices, indices * 2, indices * 3], axis=2)
    np.testing.assert_array_equal(shown, expected)


def test_indices_beyond_a_palette_take_its_last_colour() -> None:
    indices = np.array([[0, 79, 80, 300]], dtype=np.uint16)
    shown = to_colour(indices, made_header(indices, **palette(8, 80)), "a")
    assert shown[0, 1:].tolist() == [[79, 158, 237]] * 3


def test_eight_bits_in_a_palette_of_sixteen_are_taken_as_they_are() -> None:
    indices = np.arange(80, dtype=np.uint8).reshape(8, 10)
    elements = palette(16, 80)
    for name in ("Red", "Green", "Blue"):
        elements[f"{name}PaletteColorLookupTableData"] = np.arange(80, dtype="<u2").tobytes()
    np.testing.assert_array_equal(
        to_colour(indices, made_header(indices, **elements), "a"), indices
    )


def test_a_palette_of_too_many_colours_is_refused() -> None:
    indices = np.zeros((2, 3), dtype=np.uint16)
    with pytest.raises(PictureError, match="a has a palette of 300 colours of 8 bits"):
        to_colour(indices, made_header(indices, **palette(8, 300)), "a")
