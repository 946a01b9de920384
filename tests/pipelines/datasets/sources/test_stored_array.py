from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.datasets.sources import stored_array as module
from pipelines.datasets.sources.stored_array import StoredArray, open_npy
from pipelines.errors import InputError

VALUES = np.random.default_rng(0).integers(0, 256, (7, 5, 6, 3), dtype=np.uint8)


def opened(folder: Path, array: np.ndarray) -> StoredArray:
    np.save(folder / "a.npy", array)
    return open_npy(folder / "a.npy", "a.npy")


@pytest.mark.parametrize("dtype", ["u1", "<u2", ">u2", ">f4", "<f2", "?", "<i8"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_rows_are_what_was_saved(tmp_path: Path, dtype: str, order: str) -> None:
    values = np.array(VALUES, dtype=dtype, order=order)  # type: ignore[call-overload]
    array = opened(tmp_path, values)
    assert (array.shape, array.kind) == (values.shape, values.dtype.kind)
    np.testing.assert_array_equal(array.rows(2, 5), values[2:5])
    assert (array.scratch is None) == (order == "C")


def test_blocks_cover_all_rows_and_are_small(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BLOCK", 200)
    array = opened(tmp_path, VALUES)
    blocks = list(array.blocks())
    assert [start for start, _ in blocks] == [0, 2, 4, 6]
    np.testing.assert_array_equal(np.concatenate([block for _, block in blocks]), VALUES)
    monkeypatch.setattr(module, "BLOCK", 10)
    assert len(list(array.blocks())) == len(VALUES)


def test_fortran_order_is_turned_in_stripes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_STRIPE", 200)
    array = opened(tmp_path, np.asfortranarray(VALUES))
    np.testing.assert_array_equal(array.rows(0, 7), VALUES)
    copy = pickle.loads(pickle.dumps(array))
    np.testing.assert_array_equal(copy.rows(6, 7), VALUES[6:])
    assert repr(array) == repr(copy) and "med2d-" not in repr(array)


def test_a_wrong_length_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    np.save(path, VALUES)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    with pytest.raises(InputError, match=r"^a.npy is truncated: .* needs 630 bytes, it holds 629"):
        open_npy(path, "a.npy")
    with path.open("wb") as file:
        np.save(file, VALUES)
        np.save(file, VALUES)
    with pytest.raises(InputError, match=r"holds 758 bytes more .* perhaps a second array"):
        open_npy(path, "a.npy")


def test_a_file_that_shrinks_or_goes_meanwhile_is_an_error_not_a_killed_process(
    tmp_path: Path,
) -> None:
    array = opened(tmp_path, VALUES)
    array.path.write_bytes(array.path.read_bytes()[:-100])
    with pytest.raises(InputError, match=r"^a.npy has become shorter"):
        array.rows(6, 7)
    array.path.unlink()
    with pytest.raises(InputError, match=r"^a.npy cannot be read: No such file"):
        array.rows(0, 1)


def test_what_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^a.npy cannot be read: Is a directory"):
        open_npy(tmp_path, "a.npy")


@settings(max_examples=60)
@given(st.integers(0, 400), st.binary(max_size=40), st.integers(0, 40))
def test_damaged_files_give_an_array_or_a_message(
    tmp_path_factory: pytest.TempPathFactory, place: int, noise: bytes, gap: int
) -> None:
    path = tmp_path_factory.mktemp("broken") / "a.npy"
    np.save(path, VALUES[:, :, :, 0])
    whole = path.read_bytes()
    path.write_bytes(whole[:place] + noise + whole[place + gap :])
    try:
        array = open_npy(path, "a.npy")
    except InputError as error:
        assert str(error).startswith("a.npy ")
    else:
        assert array.rows(0, array.shape[0]).shape == array.shape
