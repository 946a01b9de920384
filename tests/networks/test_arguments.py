from collections.abc import Callable
from typing import Any

import pytest

from networks.arguments import (
    dropped_share,
    flag,
    probability,
    settings,
    whole_number,
    whole_numbers,
)
from networks.errors import NetworkError

NAN = float("nan")


@pytest.mark.parametrize(
    ("check", "right", "wrong", "expected"),
    [
        (whole_number, [1, 64], [0, -1, 1.0, True, "a", None, [1]], "a whole number from 1"),
        (whole_numbers, [[1], (8, 6)], [[], (), 8, "a", ["a"], [0], [1.5]], "a list of whole num"),
        (probability, [0, 0.3, 1], [-0.1, 1.1, NAN, True, "x", None], "a probability, 0 to 1"),
        (dropped_share, [0, 0.5], [-0.1, 1, NAN, False, "x"], "a number from 0 to below 1"),
        (flag, [True, False, "true", " False"], ["no", 1, None], "true or false"),
        (settings, [None, {}, {"a": 1}], ["a", [1], {1: 2}], "names with values"),
    ],
)
def test_each_argument_is_named_with_what_was_expected(
    check: Callable[[str, Any], Any], right: list[Any], wrong: list[Any], expected: str
) -> None:
    for value in right:
        check("channels", value)
    for value in wrong:
        with pytest.raises(NetworkError, match=f"^channels is .*; expected {expected}"):
            check("channels", value)


def test_they_give_what_they_checked() -> None:
    assert whole_number("depth", 2, least=2) == 2
    assert whole_numbers("hidden", (8, 6)) == [8, 6]
    assert probability("gate", 1) == 1.0
    assert [flag("mirror", word) for word in ("true", "false")] == [True, False]
    assert settings("options", None) == {}
    with pytest.raises(NetworkError, match="depth is 1; expected a whole number from 2"):
        whole_number("depth", 1, least=2)
