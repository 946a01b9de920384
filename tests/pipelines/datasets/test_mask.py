from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipelines.datasets.mask import merge, read
from pipelines.errors import InputError

INDICES = np.zeros((5, 7), dtype=np.uint8)
INDICES[1:3, 2:6] = 1


def saved(folder: Path, image: Image.Image) -> Path:
    path = folder / "a_mask.png"
    image.save(path)
    return path


def palette(indices: np.ndarray, colours: list[int]) -> Image.Image:
    image = Image.fromarray(indices.astype(np.uint8), "P")
    image.putpalette(colours)
    return image


GOOD = {
    "0/1": Image.fromarray(INDICES),
    "0/255": Image.fromarray(INDICES * 255),
    "two-valued": Image.fromarray(INDICES == 1),
    "rgb": Image.fromarray(INDICES * 255).convert("RGB"),
    "rgb 0/1": Image.fromarray(INDICES).convert("RGB"),
    "rgba": Image.fromarray(INDICES * 255).convert("RGBA"),
    "la": Image.fromarray(INDICES * 255).convert("LA"),
    "16 bits": Image.fromarray(INDICES.astype(np.uint16) * 255),
    "grey palette": Image.fromarray(INDICES * 255).convert("P"),
    "palette of indices": palette(INDICES, [0, 0, 0, 128, 0, 0]),
    "white before black": palette(1 - INDICES, [255, 255, 255, 0, 0, 0]),
}


@pytest.mark.parametrize("image", GOOD.values(), ids=GOOD.keys())
def test_every_usual_way_to_store_a_mask(tmp_path: Path, image: Image.Image) -> None:
    indices = read(saved(tmp_path, image), "mask")
    assert indices.dtype == np.uint8
    np.testing.assert_array_equal(indices, INDICES)


@pytest.mark.parametrize("value", [0, 1, 255])
def test_masks_of_one_value(tmp_path: Path, value: int) -> None:
    image = Image.fromarray(np.full((4, 6), value, dtype=np.uint8))
    np.testing.assert_array_equal(read(saved(tmp_path, image), "mask"), min(value, 1))


def test_unexpected_values_name_the_option_that_helps(tmp_path: Path) -> None:
    values = INDICES * 38
    values[4, 6] = 75
    path = saved(tmp_path, Image.fromarray(values))
    with pytest.raises(InputError) as caught:
        read(path, 'mask "a_mask.png"')
    assert str(caught.value) == (
        'mask "a_mask.png" holds the values 0, 38, 75; expected 0 and 255. '
        "Map them with --map 38=1 --map 75=1"
    )
    with pytest.raises(InputError, match=r"expected 0, 38 and 255. Map them with --map 75=1$"):
        read(path, "mask", {38: 1})
    np.testing.assert_array_equal(read(path, "mask", {38: 1, 75: 0}), INDICES)
    inverted = read(path, "mask", {0: 1, 38: 0, 75: 0})
    np.testing.assert_array_equal(inverted, values == 0)


def test_a_mapping_leaves_plain_masks_as_they_are(tmp_path: Path) -> None:
    path = saved(tmp_path, GOOD["0/255"])
    np.testing.assert_array_equal(read(path, "mask", {38: 1, 75: 1}), INDICES)


def test_one_and_255_together_are_refused(tmp_path: Path) -> None:
    values = INDICES.copy()
    values[0, 0] = 255
    with pytest.raises(InputError, match=r"holds the values 0, 1, 255; .* --map 1=1$"):
        read(saved(tmp_path, Image.fromarray(values)), "mask")


def test_smoothed_edges_are_refused(tmp_path: Path) -> None:
    smooth = Image.fromarray(INDICES * 255).resize((70, 50), Image.Resampling.BICUBIC)
    with pytest.raises(InputError, match=r"holds \d+ values \(0, 1, .*, …\); expected 0 and 255"):
        read(saved(tmp_path, smooth), "mask")


def test_colour_and_transparency_are_refused(tmp_path: Path) -> None:
    colour = np.zeros((5, 7, 3), dtype=np.uint8)
    colour[1:3, 2:6, 0] = 255
    for image in (Image.fromarray(colour), Image.new("LAB", (7, 5))):
        path = tmp_path / "a_mask.tif"
        image.save(path)
        with pytest.raises(InputError) as caught:
            read(path, 'mask "a_mask.tif"')
        assert str(caught.value) == (
            'mask "a_mask.tif" is coloured; expected grey values 0 and 255. Export the mask alone, '
            "white on black, or as a palette PNG whose indices are the classes"
        )
    in_alpha = Image.new("RGBA", (7, 5), "white")
    in_alpha.putalpha(Image.fromarray(INDICES * 255))
    with pytest.raises(InputError, match=r"is partly transparent.* without an alpha channel"):
        read(saved(tmp_path, in_alpha), "mask")


def test_fractions_are_not_offered_for_mapping(tmp_path: Path) -> None:
    path = tmp_path / "a_mask.tif"
    Image.fromarray(INDICES.astype(np.float32) / 2).save(path)
    with pytest.raises(
        InputError, match=r"holds the values 0, 0\.5; .* with whole numbers from 0$"
    ):
        read(path, "mask")


def test_masks_merge_by_their_maximum() -> None:
    other = np.zeros_like(INDICES)
    other[4] = 1
    np.testing.assert_array_equal(merge([INDICES, other, INDICES]), INDICES | other)
    np.testing.assert_array_equal(merge([other]), other)
