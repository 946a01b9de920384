from __future__ import annotations

import pytest

from pipelines.datasets.layouts.parts import part_of, part_of_value


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("train", "train"), ("Training", "train"), ("VAL", "validation"), ("valid", "validation"),
        ("Validation", "validation"), ("TEST", "test"), ("testing_", "test"), ("benign", None),
        ("", None), ("1", None), ("contest", None),
    ],
)  # fmt: skip
def test_names_of_parts(name: str, part: str | None) -> None:
    assert part_of(name) == part


@pytest.mark.parametrize(
    ("column", "value", "part"),
    [
        ("Train ", "1", "train"), ("Train", "0", "test"), ("is_train", "True", "train"),
        ("train", "no", "test"), ("is test", "1", "test"), ("test", "0.0", "train"),
        ("split", "valid", "validation"), ("split", "1", None), ("train", "", None),
        ("train", "val", "validation"), ("val", "1", None),
    ],
)  # fmt: skip
def test_values_of_a_column(column: str, value: str, part: str | None) -> None:
    assert part_of_value(column, value) == part
