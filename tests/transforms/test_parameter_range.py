"""A range is a number or a rising pair between its limits."""

from typing import Any

import pytest

from transforms.parameter_range import parameter, parameter_range


@pytest.mark.parametrize(
    ("given", "expected"),
    [(0.5, (0.5, 0.5)), (1, (1, 1)), ((0, 0.2), (0, 0.2)), ([0, 1], (0, 1))],
)
def test_a_range_is_given_as_two_numbers(given: Any, expected: tuple[float, float]) -> None:
    assert parameter_range("strength", given, 0, 1) == expected


@pytest.mark.parametrize(
    "given",
    [
        2,
        -0.1,
        (0.5, 0.2),
        (0, 0.1, 0.2),
        "0.5",
        None,
        True,
        float("nan"),
        (0, "1"),
        [],
        [0.3],
        {"a": 1},
    ],
)
def test_anything_else_is_refused(given: Any) -> None:
    with pytest.raises(ValueError) as caught:
        parameter_range("strength", given, 0, 1)
    assert str(caught.value) == (
        f"strength is {given!r}; expected a number, or the lowest and the highest one, from 0 to 1"
    )


def test_a_single_number_is_checked_too() -> None:
    assert parameter("width", 3, 1, 20, whole=True) == 3
    assert parameter("gain", 0.5, 0, 1) == 0.5
    for given in (2, (0, 1), "1", None, True, float("inf")):
        with pytest.raises(ValueError) as caught:
            parameter("gain", given, 0, 1)  # type: ignore[arg-type]
        assert str(caught.value) == f"gain is {given!r}; expected a number from 0 to 1"
    with pytest.raises(ValueError, match=r"width is 2\.5; expected a whole number from 1 to 20"):
        parameter("width", 2.5, 1, 20, whole=True)
