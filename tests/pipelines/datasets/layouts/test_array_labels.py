from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pipelines.datasets.layouts import array_labels as module
from pipelines.datasets.layouts.array_labels import Labels, is_labels, read_labels
from pipelines.datasets.sources.stored_array import open_npy
from pipelines.errors import InputError


def labels(folder: Path, values: Any, classes: tuple[str, ...] = ()) -> Labels:
    np.save(folder / "y.npy", values)
    return read_labels(open_npy(folder / "y.npy", "y.npy"), classes)


GOOD: dict[str, tuple[Any, list[str]]] = {
    "indices": (np.array([2, 0, 1]), ["2", "0", "1"]),
    "a column of indices": (np.array([[2], [0]], dtype=np.uint8), ["2", "0"]),
    "whole fractions": (np.array([1.0, 0.0], dtype=np.float16), ["1", "0"]),
    "true and false": (np.array([True, False]), ["1", "0"]),
    "negative": (np.array([-1]), ["-1"]),
    "one-hot": (np.eye(3)[[2, 0]], ["2", "0"]),
    "one-hot, true and false": (np.eye(3, dtype=bool)[[1]], ["1"]),
    "names": (np.array(["benign ", "bösartig"]), ["benign", "bösartig"]),
    "a column of names": (np.array([["a"], ["b"]]), ["a", "b"]),
    "bytes": (np.array([b"benign", "bösartig".encode()]), ["benign", "bösartig"]),
}


@pytest.mark.parametrize(("values", "expected"), GOOD.values(), ids=GOOD.keys())
def test_labels_become_text(tmp_path: Path, values: Any, expected: list[str]) -> None:
    found = labels(tmp_path, values)
    assert found.values == expected and found.problems == []


def test_rows_that_are_no_labels_are_named(tmp_path: Path) -> None:
    found = labels(tmp_path, np.array([1, np.nan, 0.5, np.inf]))
    assert found.values == ["1", None, None, None]
    assert [problem.source for problem in found.problems] == ["y.npy#1", "y.npy#2", "y.npy#3"]
    assert found.problems[1].line == (
        'target "y.npy#2" is 0.5; expected a whole number. Correct it or take it out'
    )
    rows = np.array([[1, 0, 0], [1, 1, 0], [0, 0, 0], [0.5, 0.5, 0], [2, -1, 0], [0, np.nan, 1]])
    hot = labels(tmp_path, rows)
    assert hot.values == ["0", None, None, None, None, None]
    assert [problem.source for problem in hot.problems] == [f"y.npy#{row}" for row in range(1, 6)]
    assert hot.problems[0].line == (
        'target "y.npy#1" holds 1, 1, 0, which sums to 2; expected a single 1 and else 0. Correct '
        "it or take it out"
    )


def test_what_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match=r"y.npy has 3 columns, --classes names 2 \(a, b\)"):
        labels(tmp_path, np.eye(3), ("a", "b"))
    with pytest.raises(InputError, match=r"holds text of the shape \(2, 2\)"):
        labels(tmp_path, np.array([["a", "b"], ["c", "d"]]))
    monkeypatch.setattr(module, "_LARGEST", 10)
    with pytest.raises(InputError, match="is larger than 10 bytes, the limit for labels"):
        labels(tmp_path, np.arange(9))


def test_the_shape_tells_labels() -> None:
    assert is_labels((5,)) and is_labels((5, 1)) and is_labels((5, 3))
    assert not is_labels((5, 8, 8))


DTYPES = st.one_of(
    arrays.boolean_dtypes(),
    arrays.integer_dtypes(),
    arrays.unsigned_integer_dtypes(),
    arrays.floating_dtypes(),
    arrays.unicode_string_dtypes(),
    arrays.byte_string_dtypes(),
)


@given(arrays.arrays(DTYPES, arrays.array_shapes(max_dims=2, max_side=4)))
def test_any_array_gives_a_label_or_a_problem_for_each_row(
    tmp_path_factory: pytest.TempPathFactory, values: Any
) -> None:
    try:
        found = labels(tmp_path_factory.mktemp("any"), values)
    except InputError as error:
        assert str(error).startswith("y.npy ")
        return
    assert len(found.values) == len(values)
    assert sum(value is None for value in found.values) == len(found.problems)


def test_a_code_beyond_unicode_is_replaced() -> None:
    damaged = np.array(["benign"])
    damaged.view(np.uint32)[1] = 0x1FFFFF
    assert "\N{REPLACEMENT CHARACTER}" in module._text(damaged[0])
