from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines.datasets.sources.array_axes import Axes
from pipelines.datasets.sources.array_levels import Levels
from pipelines.datasets.sources.array_row import ArrayMask, ArrayRow
from pipelines.datasets.sources.source import files_of
from pipelines.datasets.sources.stored_array import open_npy
from pipelines.errors import InputError

GREY = np.random.default_rng(0).integers(0, 256, (5, 4, 6), dtype=np.uint8)
MASKS = (GREY > 100).astype(np.uint8)


def row(
    folder: Path, values: Any, axes: Axes = "NHW", levels: Levels = "whole8", index: int = 3
) -> ArrayRow:
    path = folder / "a.npy"
    np.save(path, values)
    return ArrayRow(path, open_npy(path, "a.npy"), index, axes, levels)


def mask(folder: Path, values: Any, axes: Axes = "NHW", **options: Any) -> ArrayMask:
    path = folder / "m.npy"
    np.save(path, values)
    return ArrayMask(path, open_npy(path, "m.npy"), 3, axes, **options)


def test_a_row_is_a_picture(tmp_path: Path) -> None:
    source = pickle.loads(pickle.dumps(row(tmp_path, GREY)))
    assert files_of(source) == [tmp_path / "a.npy"]
    picture = source.read("image")
    assert picture.pixels.dtype == np.uint8 and picture.flags == ()
    np.testing.assert_array_equal(picture.pixels, GREY[3])


def test_fractions_deep_values_and_colours(tmp_path: Path) -> None:
    colour = np.stack([GREY, GREY // 2, GREY], axis=1)
    for values, axes, levels, expected in (
        (np.asfortranarray(GREY / 255), "NHW", "unit", GREY),
        (GREY.astype(">u2") * 257, "NHW", "whole16", GREY.astype(np.uint16) * 257),
        (colour, "NCHW", "whole8", np.moveaxis(colour, 1, -1)),
        (GREY[..., None] > 9, "NHWC", "two", (GREY > 9) * np.uint8(255)),
    ):
        picture = row(tmp_path, values, axes, levels).read("image")  # type: ignore[arg-type]
        assert picture.pixels.dtype == expected.dtype
        np.testing.assert_array_equal(picture.pixels, expected[3])


GOOD: dict[str, tuple[Any, Axes]] = {
    "0 and 1": (MASKS, "NHW"),
    "0 and 255": (MASKS * 255, "NHW"),
    "two-valued": (MASKS > 0, "NHW"),
    "fractions": (MASKS.astype(np.float32), "NHW"),
    "wide": (MASKS.astype(np.int64)[..., None] * 255, "NHWC"),
    "equal channels": (np.stack([MASKS] * 3, axis=1), "NCHW"),
}


@pytest.mark.parametrize(("values", "axes"), GOOD.values(), ids=GOOD.keys())
def test_every_usual_way_to_store_masks(tmp_path: Path, values: Any, axes: Axes) -> None:
    indices = mask(tmp_path, values, axes).read("mask")
    assert indices.dtype == np.uint8
    np.testing.assert_array_equal(indices, MASKS[3])


def test_several_classes_are_their_indices(tmp_path: Path) -> None:
    values = (GREY % 4).astype(np.int32)
    np.testing.assert_array_equal(mask(tmp_path, values, classes=4).read("mask"), values[3])
    values[3, 0, 0] = 255
    with pytest.raises(InputError, match=r"^mask holds the values 255; expected .* 0 to 3. Map"):
        mask(tmp_path, values, classes=4).read("mask")
    mapped = mask(tmp_path, values, classes=4, mapping={255: 0}).read("mask")
    np.testing.assert_array_equal(mapped, np.where(values[3] == 255, 0, values[3]))


def test_what_is_refused(tmp_path: Path) -> None:
    for values, message in (
        (MASKS * 38, "holds the values 0, 38; expected 0 and 255. Map them with --map 38=1"),
        (MASKS * 0.5, r"holds the values 0, 0\.5; expected"),
        (np.where(MASKS > 0, np.nan, 0), "holds NaN or infinite values"),
    ):
        with pytest.raises(InputError, match=f"^mask {message}"):
            mask(tmp_path, values).read("mask")
    one_hot = np.stack([1 - MASKS, MASKS, MASKS * 0], axis=-1)
    with pytest.raises(InputError, match=r"^mask has channels that differ.*np\.argmax"):
        mask(tmp_path, one_hot, "NHWC").read("mask")
