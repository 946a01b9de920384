"""What a network is made with, checked before a library stumbles over it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from networks.errors import NetworkError


def whole_number(name: str, value: Any, least: int = 1) -> int:
    """Gives a whole number from ``least``, as it was given.

    Raises:
        NetworkError: it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise NetworkError(f"{name} is {value!r}; expected a whole number from {least}")
    return value


def whole_numbers(name: str, values: Any, least: int = 1) -> list[int]:
    """Gives a list of whole numbers from ``least``, one or more.

    Raises:
        NetworkError: it is none.
    """
    given = list(values) if isinstance(values, Sequence) and not isinstance(values, str) else []
    wrong = [v for v in given if isinstance(v, bool) or not isinstance(v, int) or v < least]
    if wrong or not given:
        shown = given or values
        raise NetworkError(f"{name} is {shown!r}; expected a list of whole numbers from {least}")
    return given


def probability(name: str, value: Any) -> float:
    """Gives a number from 0 to 1.

    Raises:
        NetworkError: it is none.
    """
    if not _is_number(value) or not 0 <= value <= 1:
        raise NetworkError(f"{name} is {value!r}; expected a probability, 0 to 1")
    return float(value)


def dropped_share(name: str, value: Any) -> float:
    """Gives a number from 0 to below 1, as a dropout takes it.

    Raises:
        NetworkError: it is none.
    """
    if not _is_number(value) or not 0 <= value < 1:
        raise NetworkError(f"{name} is {value!r}; expected a number from 0 to below 1")
    return float(value)


def flag(name: str, value: Any) -> bool:
    """Gives a yes or no; the command line gives a word.

    Raises:
        NetworkError: it is neither.
    """
    word = str(value).strip().lower()
    if word not in ("true", "false"):
        raise NetworkError(f"{name} is {value!r}; expected true or false")
    return word == "true"


def settings(name: str, value: Any) -> dict[str, Any]:
    """Gives arguments of something else by name; none of None.

    Raises:
        NetworkError: they are no names with values.
    """
    if value is None:
        return {}
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise NetworkError(
            f"{name} is {value!r}; expected names with values, such as {{'width_mult': 0.35}}"
        )
    return dict(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
