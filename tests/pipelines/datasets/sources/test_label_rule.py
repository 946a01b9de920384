from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from pipelines.datasets.sources.label_rule import LabelRule, colours_in, values_in
from pipelines.errors import InputError

FOUR = ("background", "stroma", "tumour", "necrosis")
INDICES = np.array([[0, 1, 2, 3, 0], [3, 2, 1, 0, 0], [0, 0, 1, 1, 2]], dtype=np.uint8)
COLOURS = np.array([[0, 0, 0], [255, 0, 0], [0, 255, 0], [0, 0, 255]], dtype=np.uint8)
BY_COLOUR = LabelRule(
    FOUR, colours=tuple(((int(r), int(g), int(b)), i) for i, (r, g, b) in enumerate(COLOURS))
)


def palette(indices: np.ndarray, colours: np.ndarray = COLOURS) -> Image.Image:
    image = Image.fromarray(indices.astype(np.uint8), "P")
    image.putpalette(colours.ravel().tolist())
    return image


def rgba(alpha: np.ndarray | int = 255) -> Image.Image:
    pixels = np.zeros((*INDICES.shape, 4), dtype=np.uint8)
    pixels[..., :3], pixels[..., 3] = COLOURS[INDICES], alpha
    return Image.fromarray(pixels)


BY_INDEX = {
    "grey": Image.fromarray(INDICES),
    "16 bits": Image.fromarray(INDICES.astype(np.uint16)),
    "32 bits": Image.fromarray(INDICES.astype(np.int32)),
    "floats": Image.fromarray(INDICES.astype(np.float32)),
    "palette": palette(INDICES),
    "palette whose first two are black and white": palette(
        INDICES, np.array([[0, 0, 0], [255, 255, 255], [9, 9, 9], [7, 0, 0]], dtype=np.uint8)
    ),
    "rgb": Image.fromarray(INDICES).convert("RGB"),
    "la": Image.fromarray(INDICES).convert("LA"),
}


@pytest.mark.parametrize("image", BY_INDEX.values(), ids=BY_INDEX.keys())
def test_values_are_indices(image: Image.Image) -> None:
    found = LabelRule(FOUR).indices(image, "mask")
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, INDICES)


@pytest.mark.parametrize("image", [palette(INDICES), rgba(), rgba().convert("RGB")])
def test_colours_are_indices(image: Image.Image) -> None:
    np.testing.assert_array_equal(BY_COLOUR.indices(image, "mask"), INDICES)


def test_a_few_black_and_white_pixels_of_a_palette_of_classes_stay_indices() -> None:
    colours = np.array([[0, 0, 0], [255, 255, 255], [9, 9, 9], [7, 0, 0]], dtype=np.uint8)
    binary = (INDICES == 1).astype(np.uint8)
    np.testing.assert_array_equal(LabelRule(FOUR).indices(palette(binary, colours), "mask"), binary)


@pytest.mark.parametrize("high", [1, 255])
def test_two_classes_are_black_and_white(high: int) -> None:
    rule, binary = LabelRule(("background", "tumour")), (INDICES > 1).astype(np.uint8)
    np.testing.assert_array_equal(rule.indices(Image.fromarray(binary * high), "m"), binary)
    turned = palette(1 - binary, np.array([[255] * 3, [0] * 3], dtype=np.uint8))
    np.testing.assert_array_equal(rule.indices(turned, "m"), binary)
    np.testing.assert_array_equal(rule.indices(Image.fromarray(binary == 1), "m"), binary)


def test_one_and_255_in_one_mask_are_refused() -> None:
    values = np.array([[0, 1, 255]], dtype=np.uint8)
    with pytest.raises(InputError) as caught:
        LabelRule(("background", "tumour")).indices(Image.fromarray(values), 'mask "a"')
    assert str(caught.value) == (
        'mask "a" holds the values 1 (1 pixels), 255 (1 pixels); expected 0 and either 1 or 255. '
        "Map them with --map 1=INDEX --map 255=INDEX, or name all classes with --classes"
    )


def test_mapped_values() -> None:
    values = np.array([0, 85, 170, 255], dtype=np.uint8)[INDICES]
    rule = LabelRule(FOUR, values=((85, 1), (170, 2), (255, 3)))
    np.testing.assert_array_equal(rule.indices(Image.fromarray(values), "m"), INDICES)
    values[0, 0] = 2  # would be a soft edge: the class 2 is 170
    with pytest.raises(InputError, match=r"^m holds the value 2 \(1 pixels\); the classes are 0 "):
        rule.indices(Image.fromarray(values), "m")
    void = INDICES.copy()
    void[0, 0] = 255
    found = LabelRule(FOUR, values=((255, 0),)).indices(Image.fromarray(void), "m")
    np.testing.assert_array_equal(found, INDICES)


def test_unknown_values_and_colours_are_counted() -> None:
    with pytest.raises(InputError) as caught:
        LabelRule(FOUR[:3]).indices(Image.fromarray(INDICES), 'mask "a"')
    assert str(caught.value) == (
        'mask "a" holds the value 3 (2 pixels); the classes are 0 background, 1 stroma, 2 tumour. '
        "Map them with --map 3=INDEX, or name all classes with --classes"
    )
    rule = LabelRule(FOUR[:3], colours=BY_COLOUR.colours[:3])
    with pytest.raises(InputError) as caught:
        rule.indices(rgba(), 'mask "a"')
    assert str(caught.value) == (
        'mask "a" holds the colour 0,0,255 (2 pixels); the classes are 0,0,0 background, 255,0,0 '
        "stroma, 0,255,0 tumour. Name them with --colour NAME=0,0,255"
    )
    with pytest.raises(InputError, match=r"is coloured: it holds the colours 0,0,0 \(6 pixels\)"):
        LabelRule(FOUR).indices(rgba(), "mask")


def test_soft_edges_are_refused_with_the_reason() -> None:
    large = Image.fromarray(np.kron(INDICES > 1, np.ones((20, 20), np.uint8)) * np.uint8(255))
    soft = large.resize((50, 30), Image.Resampling.BICUBIC)
    for labels in (FOUR, FOUR[:2]):
        with pytest.raises(InputError, match=r"^mask has soft edges") as caught:
            LabelRule(labels).indices(soft, "mask")
        assert ("--threshold" in str(caught.value)) is (len(labels) == 2)
    with pytest.raises(InputError, match="Soft edges"):
        BY_COLOUR.indices(rgba().convert("RGB").resize((50, 30), Image.Resampling.BICUBIC), "mask")
    hard = LabelRule(FOUR[:2], threshold=128).indices(soft, "mask")
    assert set(np.unique(hard)) == {0, 1}


def test_long_lists_are_shortened() -> None:
    names = tuple(f"c{index}" for index in range(40))
    values = np.repeat(np.repeat(np.arange(60).reshape(6, 10), 4, axis=0), 4, axis=1)
    with pytest.raises(InputError) as caught:
        LabelRule(names).indices(Image.fromarray(values.astype(np.uint8)), "mask")
    assert str(caught.value) == (
        "mask holds 20 values: 40 (16 pixels), 41 (16 pixels), 42 (16 pixels), 43 (16 pixels), …; "
        "the classes are 0 c0, 1 c1, 2 c2, 3 c3, … (40 in all). Map them with --map 40=INDEX "
        "--map 41=INDEX --map 42=INDEX --map 43=INDEX …, or name all classes with --classes"
    )


def test_jpeg_is_refused_but_for_a_threshold() -> None:
    buffer = io.BytesIO()
    binary = np.kron(INDICES > 1, np.ones((8, 8), dtype=bool))
    Image.fromarray(binary * np.uint8(255)).save(buffer, "JPEG")
    image = Image.open(buffer)
    with pytest.raises(InputError, match=r"^m is a JPEG, .* or tell white from black by"):
        LabelRule(FOUR[:2]).indices(image, "m")
    with pytest.raises(InputError, match=r"classes; export it again as PNG$"):
        BY_COLOUR.indices(image, "m")
    found = LabelRule(FOUR[:2], threshold=128).indices(image, "m")
    np.testing.assert_array_equal(found, binary)


def test_transparency_that_says_something_is_refused() -> None:
    clear_background = np.where(INDICES == 0, 0, 255)
    np.testing.assert_array_equal(BY_COLOUR.indices(rgba(clear_background), "m"), INDICES)
    half = np.full(INDICES.shape, 255)
    half[0, 0] = 0  # one of the black pixels, others are opaque
    for alpha in (half, 128):
        with pytest.raises(InputError, match="its transparency says more than its colours"):
            BY_COLOUR.indices(rgba(alpha), "mask")
    with pytest.raises(InputError, match="transparency"):
        only_alpha = Image.new("LA", (5, 3))
        only_alpha.putalpha(Image.fromarray((INDICES > 0) * np.uint8(255)))
        LabelRule(FOUR).indices(only_alpha, "mask")


def test_fractions_negatives_and_odd_modes_are_refused() -> None:
    for values in (INDICES / 2, INDICES - 1.0, INDICES * np.nan, INDICES * 1e9):
        with pytest.raises(InputError, match="no whole numbers of 16 bits"):
            LabelRule(FOUR).indices(Image.fromarray(values.astype(np.float32)), "mask")
    with pytest.raises(InputError, match=r"^mask (has the mode LAB|is coloured)"):
        LabelRule(FOUR).indices(Image.new("LAB", (3, 3)), "mask")


def test_what_a_mask_holds() -> None:
    assert values_in(palette(INDICES), "m") == {0: 6, 1: 4, 2: 3, 3: 2}
    assert colours_in(rgba(), "m")[255, 0, 0] == 4


@settings(max_examples=60, deadline=None)
@given(
    mode=st.sampled_from(["1", "L", "P", "RGB", "RGBA", "LA", "I;16", "I", "F", "CMYK", "LAB"]),
    data=st.binary(min_size=48, max_size=48),
    count=st.integers(2, 5),
    coloured=st.booleans(),
    threshold=st.none() | st.integers(1, 255),
)
def test_any_picture_gives_indices_or_an_input_error(
    mode: str, data: bytes, count: int, coloured: bool, threshold: int | None
) -> None:
    image = Image.frombytes(mode, (3, 4), data[: len(Image.new(mode, (3, 4)).tobytes())])
    labels = tuple(f"c{index}" for index in range(count))
    colours = tuple(((index, 0, 0), index) for index in range(count)) if coloured else ()
    rule = LabelRule(labels, (), colours, threshold if count == 2 else None)
    try:
        found = rule.indices(image, "mask")
    except InputError as error:
        assert str(error).startswith("mask ") and "\n" not in str(error)
    else:
        assert found.shape == (4, 3) and found.dtype == np.uint8 and found.max() < count
