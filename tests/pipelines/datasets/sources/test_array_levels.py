from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.datasets.sources import stored_array
from pipelines.datasets.sources.array_levels import Found, Levels, find_levels, to_pixels
from pipelines.datasets.sources.stored_array import open_npy
from pipelines.errors import InputError

RAMP = np.arange(256)


def found(folder: Path, values: Any) -> Found:
    np.save(folder / "a.npy", values)
    return find_levels(open_npy(folder / "a.npy", "a.npy"))


GOOD: list[tuple[str, float, Levels]] = [
    ("u1", 1, "whole8"),
    ("<u2", 1, "whole16"),
    (">u2", 257, "whole16"),
    ("<i8", 1, "whole8"),
    ("i1", 0.4, "whole8"),
    ("<i4", 257, "whole16"),
    ("<u8", 1, "whole8"),
    ("<f8", 1 / 255, "unit"),
    (">f4", 1 / 255, "unit"),
    ("<f2", 1 / 255, "unit"),
    ("<f4", 1.00001 / 255, "unit"),
    ("<f2", 1, "byte"),
    ("<f8", 0.3, "byte"),
]


@pytest.mark.parametrize(("dtype", "scale", "levels"), GOOD)
def test_dtype_and_range_tell(tmp_path: Path, dtype: str, scale: float, levels: Levels) -> None:
    values = (RAMP * scale).astype(dtype)
    assert found(tmp_path, values) == Found(levels)
    pixels = to_pixels(values, levels)
    assert pixels.dtype == (np.uint16 if levels == "whole16" else np.uint8)
    expected = RAMP if levels == "unit" else np.rint((RAMP * scale).astype(dtype).astype(float))
    np.testing.assert_array_equal(pixels, expected)


def test_two_values(tmp_path: Path) -> None:
    values = np.array([True, False])
    assert found(tmp_path, values) == Found("two")
    np.testing.assert_array_equal(to_pixels(values, "two"), [255, 0])


BAD: list[tuple[Any, str]] = [
    (np.linspace(-1, 1, 9), r"values from -1 to 1; expected 0 to 1 or 0 to 255. .*normalised"),
    (np.linspace(0, 300, 9), "values from 0 to 300;"),
    (np.linspace(0, 1.04, 9), r"values from 0 to 1.04, neither 0 to 1 .*np.clip"),
    (np.linspace(0, 5, 9), "nor plausibly 0 to 255"),
    (np.linspace(-3, 400, 9).astype(int), "values from -3 to 400; expected whole numbers"),
    (np.array([0, 70000]), "values from 0 to 70000"),
    (np.array([np.nan, np.inf]), "holds no number"),
    (np.array(["benign"]), "holds text; expected pictures"),
]


@pytest.mark.parametrize(("values", "message"), BAD)
def test_another_range_is_refused_and_named(tmp_path: Path, values: Any, message: str) -> None:
    with pytest.raises(InputError, match=rf"^a.npy holds .*{message}|^a.npy {message}"):
        found(tmp_path, values)


def test_the_range_is_of_the_whole_array_and_rows_without_numbers_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored_array, "BLOCK", 200)
    values = np.full((20, 4, 5), 0.5, dtype=np.float32)
    values[17, 2, 2] = 200
    values[3, 1, 1] = np.nan
    values[4] = np.nan
    values[19, 0, 0] = -np.inf
    assert found(tmp_path, values) == Found("byte", (3, 4, 19))


@given(st.lists(st.integers(0, 255), min_size=1), st.sampled_from(["<f4", "<f8"]))
def test_bytes_survive_the_way_over_fractions(values: list[int], dtype: str) -> None:
    whole = np.array(values, dtype=np.uint8)
    np.testing.assert_array_equal(to_pixels((whole / 255).astype(dtype), "unit"), whole)
    np.testing.assert_array_equal(to_pixels(whole.astype(dtype), "byte"), whole)
